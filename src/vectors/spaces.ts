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

/** The space that answers the tenant's searches; none before its first vectors. */
export const serving = (tx: Transaction, tenantId: string): Promise<Space | undefined> =>
  findSpaceInState(tx, tenantId, 'serving');

/** The space that is filled to take the serving one's place; none while no other model is on its way. */
export const building = (tx: Transaction, tenantId: string): Promise<Space | undefined> =>
  findSpaceInState(tx, tenantId, 'building');

/** The spaces that a published text is to have its vectors in: the one of the current model, if it exists already. */
export async function targets(
  tx: Transaction,
  tenantId: string,
  current: SpaceKind,
): Promise<readonly Space[]> {
  const space = await findSpaceOfKind(tx, tenantId, current);
  return space === undefined ? [] : [space];
}

/**
 * Finds or makes the space with this dimension. The first of a tenant serves its searches at once. Making one locks the
 * tenant's spaces: two first articles must not both make the serving one.
 */
export async function ensureSpace(
  tx: Transaction,
  tenantId: string,
  kind: SpaceKind,
  dimensions: number,
): Promise<Space> {
  await lockSpaces(tx, tenantId);
  // Found before it is made: an insert that conflicts would wait for everyone who stores vectors in it.
  const there = await findSpaceOfKind(tx, tenantId, kind);
  if (there?.dimensions === dimensions) return there;
  const space = await insertSpace(tx, tenantId, { id: randomUUID(), ...kind, dimensions });
  if ((await serving(tx, tenantId)) === undefined) await setState(tx, tenantId, space.id, 'serving');
  return space;
}

/**
 * Whether the space answers the tenant's searches. If not, the tenant's spaces are locked until the transaction ends. Ask
 * before any article's status is locked: spaces first, then statuses, is the order in which no two transactions wait for each
 * other. One indexed read when the space serves, which is nearly always.
 */
export async function isServing(tx: Transaction, tenantId: string, spaceId: string): Promise<boolean> {
  if ((await serving(tx, tenantId))?.id === spaceId) return true;
  await lockSpaces(tx, tenantId);
  // Another transaction may have cut over while this one waited.
  return (await serving(tx, tenantId))?.id === spaceId;
}

/** The space is being filled to take the serving one's place; any other that was is retired. For one that does not serve. */
export const build = (tx: Transaction, tenantId: string, spaceId: string): Promise<void> =>
  setState(tx, tenantId, spaceId, 'building');

/** Lets the space answer the tenant's searches from now on. The one that did is retired and keeps its vectors. */
export const serve = (tx: Transaction, tenantId: string, spaceId: string): Promise<void> =>
  setState(tx, tenantId, spaceId, 'serving');

/** After a change of model: what was being built for another model is retired, what there is of this one is built on. */
export async function aimAt(tx: Transaction, tenantId: string, current: SpaceKind): Promise<void> {
  const [space] = await targets(tx, tenantId, current);
  if (space === undefined) await retireBuilding(tx, tenantId);
  else if (!(await isServing(tx, tenantId, space.id))) await build(tx, tenantId, space.id);
  else await retireBuilding(tx, tenantId);
}
