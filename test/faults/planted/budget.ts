import type { PlantedFault } from './planted-fault.ts';

const budget = ['test/integration/usage/budget.test.ts'];
const bounds = ['test/integration/usage/budget-bounds.test.ts'];

/** Faults in the monthly budget and in what is reported of it. */
export const budgetFaults: readonly PlantedFault[] = [
  {
    file: 'src/usage/call-store.ts',
    find: 'u.settled_tokens + u.reserved_tokens + excluded.reserved_tokens <= tokens',
    replace: 'u.settled_tokens + u.reserved_tokens + excluded.reserved_tokens < tokens',
    why: 'a call that fits exactly is refused',
    tests: bounds,
  },
  {
    file: 'src/usage/call-store.ts',
    find: 'u.settled_tokens + u.reserved_tokens + excluded.reserved_tokens <= tokens',
    replace: 'u.settled_tokens + excluded.reserved_tokens <= tokens',
    why: 'what calls under way hold back does not count',
    tests: budget,
  },
  {
    file: 'src/usage/call-store.ts',
    find: '        where tokens is null or :reservedTokens::bigint <= tokens\n',
    replace: '',
    why: 'the first call of a month may exceed the budget',
    tests: budget,
  },
  {
    file: 'src/usage/budget-store.ts',
    find: 'settled_tokens + :tokens::bigint <= ',
    replace: 'settled_tokens + :tokens::bigint < ',
    why: 'a call that will fit exactly fails instead of waiting',
    tests: bounds,
  },
  {
    file: 'src/usage/budget-store.ts',
    find: 'settled_tokens >= :budget::bigint',
    replace: 'settled_tokens > :budget::bigint',
    why: 'a budget that is used up to the last token is not spent',
    tests: bounds,
  },
  {
    file: 'src/usage/budget-store.ts',
    find: ' where u.exhausted_at is null\n',
    replace: '\n',
    why: 'each refusal is reported',
    tests: budget,
  },
  {
    file: 'src/usage/budget-events.ts',
    find: 'before < threshold && after >= threshold',
    replace: 'after >= threshold',
    why: 'each settlement above the warning share is reported',
    tests: budget,
  },
  {
    file: 'src/usage/budget-events.ts',
    find: 'before < threshold && after >= threshold',
    replace: 'before < threshold && after > threshold',
    why: 'exactly the warning share is not reported',
    tests: bounds,
  },
  {
    file: 'src/usage/service.ts',
    find: 'const abandonedAfterMs = 5 * 60_000;',
    replace: 'const abandonedAfterMs = 20_000;',
    why: 'a call that is still under way is taken for abandoned',
    tests: bounds,
  },
  {
    file: 'src/usage/abandoned-call-store.ts',
    find: 'settled_tokens = u.settled_tokens + sums.tokens',
    replace: 'settled_tokens = u.settled_tokens',
    why: 'a call that a crash left open costs nothing',
    tests: budget,
  },
  {
    file: 'src/usage/blocked-store.ts',
    find: 'case when due then b.unreported + excluded.reported else',
    replace: 'case when due then excluded.reported else',
    why: 'skips since the last report are not in the next one',
    tests: ['test/integration/usage/blocked-operations.test.ts'],
  },
];
