import type { Database, Transaction } from '../../src/platform/postgres/database.ts';
import type { TestDatabase } from './test-database.ts';

/** A transaction that has done its work and is still open: what begins now overlaps with it, surely and not by luck. */
export interface HeldTransaction<T> {
  readonly result: T;
  /** Does the last of its work, if there is any, and commits. */
  commit(lastWork?: (tx: Transaction) => Promise<unknown>): Promise<void>;
}

/** Does the work in a transaction of the tenant and keeps it open until `commit`. */
export async function holdTransaction<T>(
  database: Pick<Database, 'withTenant'>,
  tenantId: string,
  work: (tx: Transaction) => Promise<T>,
): Promise<HeldTransaction<T>> {
  let end: (lastWork: (tx: Transaction) => Promise<unknown>) => void = () => undefined;
  const ending = new Promise<(tx: Transaction) => Promise<unknown>>((resolve) => {
    end = resolve;
  });
  let ended: Promise<void> = Promise.resolve();
  const result = await new Promise<T>((resolve, reject) => {
    ended = database.withTenant(tenantId, async (tx) => {
      resolve(await work(tx));
      const lastWork = await ending;
      await lastWork(tx);
    });
    ended.catch(reject);
  });
  return {
    result,
    async commit(lastWork = async () => undefined) {
      end(lastWork);
      await ended;
    },
  };
}

/**
 * Resolves once a statement waits for a lock of another transaction, or when `work` has ended without a wait, with which of the
 * two it was. Throws when neither comes within five seconds.
 */
export async function untilWaiting(db: TestDatabase, work: Promise<unknown>): Promise<'waits' | 'ended'> {
  let ended = false;
  const end = () => {
    ended = true;
  };
  work.then(end, end);
  for (let look = 0; look < 250; look += 1) {
    if (ended) return 'ended';
    const waiting = await db.rawAsOwner(
      "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    if (waiting.length > 0) return 'waits';
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the work neither waits for a lock nor ends');
}
