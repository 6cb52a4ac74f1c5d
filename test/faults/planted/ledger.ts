import type { PlantedFault } from './planted-fault.ts';

const ledger = ['test/integration/usage/ledger.test.ts'];
const budget = ['test/integration/usage/budget.test.ts'];

/** Faults in the ledger of what was paid. */
export const ledgerFaults: readonly PlantedFault[] = [
  {
    file: 'src/usage/ledger-store.ts',
    find: '   on conflict do nothing`',
    replace: '`',
    why: 'without `on conflict` two entries at once fail',
    tests: ledger,
  },
  {
    file: 'src/usage/ledger-store.ts',
    find: "        and at < (:to::date + 1)::timestamp at time zone 'UTC'",
    replace: "        and at < (:to::date)::timestamp at time zone 'UTC'",
    why: 'the last day of a period is left out',
    tests: ledger,
  },
  {
    file: 'src/usage/ledger-store.ts',
    find: "        and at >= (:from::date)::timestamp at time zone 'UTC'",
    replace: "        and at > (:from::date)::timestamp at time zone 'UTC'",
    why: 'the first instant of a period is left out',
    tests: ledger,
  },
  {
    file: 'src/usage/ledger-store.ts',
    find: "to_char(at at time zone 'UTC', 'YYYY-MM-DD')",
    replace: "to_char(at at time zone 'Asia/Tokyo', 'YYYY-MM-DD')",
    why: 'a day is not a day of UTC',
    tests: ledger,
  },
  {
    file: 'src/usage/ledger-store.ts',
    find: "and c.finished_at < now() - :olderThanMs * interval '1 millisecond'",
    replace: '',
    why: 'the sweep enters calls that their workflow is just entering',
    tests: [...budget, ...ledger],
  },
];
