import type { PlantedFault } from './planted-fault.ts';

const transactions = ['test/integration/platform/transactions.test.ts'];

/** Faults in the beginning and the end of transactions. */
export const transactionsFaults: readonly PlantedFault[] = [
  {
    file: 'src/platform/postgres/database.ts',
    find: "throw new Error('the transaction was rolled back');",
    replace: 'void 0;',
    why: 'a write whose commit became a rollback is answered as written',
    tests: transactions,
  },
  {
    file: 'src/platform/postgres/transaction.ts',
    find: 'ended || commitSent !== undefined ||',
    replace: 'ended ||',
    why: 'a statement after the commit runs outside of its transaction, or in the next one',
    tests: transactions,
  },
  {
    file: 'src/platform/postgres/database.ts',
    find: 'if (hasFailed || signal?.aborted) return;',
    replace: '',
    why: 'work that has failed is committed',
    tests: transactions,
  },
  {
    file: 'src/platform/postgres/database.ts',
    find: "{ 'app.tenant_id': tenantId, synchronous_commit: 'off' },",
    replace: "{ 'app.tenant_id': tenantId },",
    why: 'what may be lost waits for the disk',
    tests: transactions,
  },
  {
    file: 'src/platform/postgres/transaction.ts',
    find: ' || around?.hasEnded() === true;',
    replace: ';',
    why: 'a savepoint that outlives its transaction writes in the next one of the connection',
    tests: transactions,
  },
  {
    file: 'src/platform/postgres/live-connection.ts',
    find: '      written.leftAtMs = performance.now();\n',
    replace: '',
    why: 'a connection counts as silent while its own process has not sent yet',
    tests: ['test/integration/platform/deadlines.test.ts'],
  },
];
