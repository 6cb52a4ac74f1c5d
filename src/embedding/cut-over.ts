import { enqueue } from '../outbox/store.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { lockSpaces, readServingSpace, serveSpace } from '../vectors/spaces-store.ts';
import { anyWaiting, markStaleBySpace } from './backlog/backlog-store.ts';

/**
 * Whether a space serves the tenant's searches; where it does not, the tenant's spaces are locked until the transaction
 * ends. To be asked before any article's state is locked: spaces, then states, is the order that no two can wait across.
 * Costs one indexed read when the space serves already, which is nearly always.
 */
export async function isServing(tx: Transaction, tenantId: string, spaceId: string): Promise<boolean> {
  if ((await readServingSpace(tx, tenantId))?.id === spaceId) return true;
  await lockSpaces(tx, tenantId);
  return false;
}

/**
 * Lets a space that does not serve yet do so, once every published article has its vectors there. While a change of model is
 * under way the old space goes on serving, complete as it is. A tenant that names no model is told by nobody that the
 * installation's default has become another one: the first article that is embedded with it finds the others stale, and asks
 * for the backlog.
 */
export async function cutOverWhenComplete(tx: Transaction, tenantId: string, spaceId: string): Promise<void> {
  if (await anyWaiting(tx, tenantId)) return;
  if ((await markStaleBySpace(tx, tenantId, spaceId)) === 0) return serveSpace(tx, tenantId, spaceId);
  await enqueue(tx, { tenantId, kind: 'backlog', subjectId: tenantId });
}
