import type { Transaction } from '../platform/postgres/database.ts';

/** Work that waits for a tenant's Anthropic key. The rooms of that work are above this one. */
export interface KeyWaiters {
  /** Requests, in the transaction of the change, what waits for the key, its provider or the budget. Safe to repeat. */
  wake(tx: Transaction, tenantId: string): Promise<void>;
}

/** Wakes all of them, in the order of the list, so that two changes lock their rows in one order. */
export async function wakeAll(
  waiters: readonly KeyWaiters[],
  tx: Transaction,
  tenantId: string,
): Promise<void> {
  for (const waiter of waiters) await waiter.wake(tx, tenantId);
}
