import { randomUUID } from 'node:crypto';
import type { Transaction } from '../platform/postgres/database.ts';
import {
  findSpaceInState,
  findSpaceOfKind,
  insertSpace,
  lockSpaces,
  retireBuilding,
  type Space,
  type SpaceKind,
  setState,
} from './spaces-store.ts';

export {
  type ListedSpace,
  listSpaces,
  type Space,
  type SpaceKind,
  servingSpaceIdSql,
} from './spaces-store.ts';

/** Finds the space that answers the tenant's searches; undefined before its first vectors. */
export const serving = (tx: Transaction, tenantId: string): Promise<Space | undefined> =>
  findSpaceInState(tx, tenantId, 'serving');

/**
 * Finds the space that is being filled to replace the serving one; undefined while the model does not change, and after a change
 * until the first article is complete in the new space.
 */
export const building = (tx: Transaction, tenantId: string): Promise<Space | undefined> =>
  findSpaceInState(tx, tenantId, 'building');

/** Returns the spaces in which a published text needs vectors: that of the current target, if it exists already. */
export async function targets(
  tx: Transaction,
  tenantId: string,
  current: SpaceKind,
): Promise<readonly Space[]> {
  const space = await findSpaceOfKind(tx, tenantId, current);
  return space === undefined ? [] : [space];
}

/**
 * Finds or creates the space with this dimension. The first space of a tenant serves its searches at once. The tenant's
 * spaces are locked, so that two first articles do not both create the serving one.
 */
export async function ensureSpace(
  tx: Transaction,
  tenantId: string,
  kind: SpaceKind,
  dimensions: number,
): Promise<Space> {
  await lockSpaces(tx, tenantId);
  // Looked up first, because a conflicting insert would wait for all transactions that store vectors in the space.
  const existing = await findSpaceOfKind(tx, tenantId, kind);
  if (existing?.dimensions === dimensions) return existing;
  const space = await insertSpace(tx, tenantId, { id: randomUUID(), ...kind, dimensions });
  if ((await serving(tx, tenantId)) === undefined) await setState(tx, tenantId, space.id, 'serving');
  return space;
}

/**
 * Whether the space answers the tenant's searches. If it does not, the tenant's spaces stay locked until the
 * transaction ends. Call it before an article's status is locked: always locking spaces before statuses prevents
 * deadlocks. When the space serves, which is nearly always so, it costs one indexed read.
 */
export async function isServing(tx: Transaction, tenantId: string, spaceId: string): Promise<boolean> {
  if ((await serving(tx, tenantId))?.id === spaceId) return true;
  await lockSpaces(tx, tenantId);
  // Another transaction may have cut over while this one waited for the lock.
  return (await serving(tx, tenantId))?.id === spaceId;
}

/**
 * Marks a space that does not serve as the one being filled to replace the serving space. Another building space is
 * retired.
 */
export const build = (tx: Transaction, tenantId: string, spaceId: string): Promise<void> =>
  setState(tx, tenantId, spaceId, 'building');

/** Makes the space answer the tenant's searches. The space that did so is retired and keeps its vectors. */
export const serve = (tx: Transaction, tenantId: string, spaceId: string): Promise<void> =>
  setState(tx, tenantId, spaceId, 'serving');

/**
 * After a change of model: retires the building space of another target, and continues the space of this one if it
 * exists.
 */
export async function aimAt(tx: Transaction, tenantId: string, current: SpaceKind): Promise<void> {
  const [space] = await targets(tx, tenantId, current);
  if (space === undefined) await retireBuilding(tx, tenantId);
  else if (!(await isServing(tx, tenantId, space.id))) await build(tx, tenantId, space.id);
  else await retireBuilding(tx, tenantId);
}
