import { setTimeout as delay } from 'node:timers/promises';

/** Pauses before a paid result is stored again. A restart of Postgres takes seconds. */
const retryPersistAfterMs = [200, 1_000, 3_000];

/** Repeats the transaction for a few seconds, because a result that is not stored would be bought again. */
export async function retryPersist<T>(store: () => Promise<T>): Promise<T> {
  for (const pauseMs of retryPersistAfterMs) {
    try {
      return await store();
    } catch {
      await delay(pauseMs);
    }
  }
  return store();
}
