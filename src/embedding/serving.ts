import type { Transaction } from '../platform/postgres.ts';
import { lockSpaces, readServingSpace, serveSpace } from './store.ts';
import { anyWaiting } from './waiting-store.ts';

/**
 * Whether a space serves the tenant's searches; where it does not, the tenant's spaces are locked until the transaction
 * ends. To be asked before any article's state is locked: spaces, then states, is the order that no two can wait across.
 * Costs one indexed read when the space serves already, which is nearly always.
 */
export async function serves(tx: Transaction, tenantId: string, spaceId: string): Promise<boolean> {
  if ((await readServingSpace(tx, tenantId))?.id === spaceId) return true;
  await lockSpaces(tx, tenantId);
  return false;
}

/**
 * Lets a space that does not serve yet do so, once no published article waits for its vectors. While a change of model is
 * under way the old space goes on serving, complete as it is.
 */
export async function serveOnceComplete(tx: Transaction, tenantId: string, spaceId: string): Promise<void> {
  if (!(await anyWaiting(tx, tenantId))) await serveSpace(tx, tenantId, spaceId);
}
