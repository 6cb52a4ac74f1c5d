import type { Transaction } from '../platform/postgres.ts';
import { anyWaiting } from './state-store.ts';
import { lockSpaces, readServingSpace, serveSpace } from './store.ts';

/**
 * Lets a space serve the tenant's searches once no published article waits for its vectors. While a change of model is
 * under way the old space goes on serving, complete as it is. Costs one indexed read when the space serves already.
 */
export async function serveOnceComplete(tx: Transaction, tenantId: string, spaceId: string): Promise<void> {
  if ((await readServingSpace(tx, tenantId))?.id === spaceId) return;
  await lockSpaces(tx, tenantId);
  if (!(await anyWaiting(tx, tenantId))) await serveSpace(tx, tenantId, spaceId);
}
