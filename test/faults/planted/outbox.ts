import type { PlantedFault } from './planted-fault.ts';

const outbox = ['test/integration/outbox/outbox.test.ts'];
const starter = ['test/integration/outbox/workflow-starter.test.ts'];

/** Faults between a committed change and the workflow that it needs. */
export const outboxFaults: readonly PlantedFault[] = [
  {
    file: 'src/outbox/outbox.ts',
    find: 'more: rows.length === batch',
    replace: 'more: sent === batch',
    why: '"no more" after a full batch with one failure in it',
    tests: outbox,
  },
  {
    file: 'src/outbox/outbox.ts',
    find: 'tx.afterCommit(() => sender.dispatch(row))',
    replace: 'sender.dispatch(row)',
    why: 'a signal is sent before the commit',
    tests: outbox,
  },
  {
    file: 'src/outbox/store.ts',
    find: 'subject_id = $3 and version = $4',
    replace: 'subject_id = $3 and $4::bigint is not null',
    why: 'a sent row is deleted although a change came meanwhile',
    tests: outbox,
  },
  {
    file: 'src/outbox/store.ts',
    find: 'pg_current_xact_id()::text::bigint',
    replace: '1',
    why: 'a version comes again',
    tests: outbox,
  },
  {
    file: 'src/outbox/store.ts',
    find: '(o.leased_until is null or o.leased_until < clock_timestamp())',
    replace: 'o.leased_until is null',
    why: 'the rows of a dead relay stay claimed',
    tests: outbox,
  },
  {
    file: 'src/outbox/store.ts',
    find: 'for update of o skip locked',
    replace: 'for update of o',
    why: 'one relay waits for another',
    tests: outbox,
  },
  {
    file: 'src/outbox/store.ts',
    find: "clock_timestamp() - :settleMs * interval '1 millisecond'",
    replace: 'clock_timestamp()',
    why: 'the relay takes rows that their writer is just sending',
    tests: outbox,
  },
  {
    file: 'src/outbox/store.ts',
    find: 'partition by o.tenant_id order by o.created_at',
    replace: 'partition by o.tenant_id',
    why: 'the relay takes the rows in any order',
    tests: outbox,
  },
  {
    file: 'src/platform/shares/shares.ts',
    find: 'maxWaiting: 500, waitMs: 5_000',
    replace: 'maxWaiting: 50_000, waitMs: 5_000',
    why: 'a process collects rows without a bound while Temporal is away',
    tests: outbox,
  },
  {
    file: 'src/platform/shares/shares.ts',
    find: "name: 'signals', total: 8,",
    replace: "name: 'signals', total: 800,",
    why: 'the bound on sends at once is gone',
    tests: outbox,
  },
  {
    file: 'src/outbox/workflow-starter.ts',
    find: 'signals.keyChanged, priorities.backlog)',
    replace: 'signals.keyChanged, priorities.edit)',
    why: 'an article of a backlog goes before edits',
    tests: starter,
  },
  {
    file: 'src/outbox/workflow-starter.ts',
    find: 'priority: { priorityKey, fairnessKey: tenantId }',
    replace: 'priority: { priorityKey, fairnessKey: signal }',
    why: 'tenants share one queue of articles',
    tests: starter,
  },
  {
    file: 'src/outbox/workflow-starter.ts',
    find: 'await client.withDeadline(Date.now() + sendDeadlineMs, send);',
    replace: 'await send();',
    why: 'a send to a silent Temporal has no end',
    tests: starter,
  },
  {
    file: 'src/outbox/store.ts',
    find: 'order by n.number, n.created_at',
    replace: 'order by n.created_at',
    why: 'the rows of one tenant go before those of all others',
    tests: outbox,
  },
  {
    file: 'src/platform/shares/shares.ts',
    find: "name: 'signals', total: 8, perTenant: partOf(8)",
    replace: "name: 'signals', total: 8, perTenant: 8",
    why: 'one tenant sends all signals of a process',
    tests: outbox,
  },
];
