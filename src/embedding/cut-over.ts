import { atCurrentAddress } from '../domain/provider-target.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { build, type Space, serve, serving } from '../vectors/spaces.ts';
import { anyWaiting, markStaleBySpace } from './backlog/backlog-store.ts';

/**
 * Lets a space that does not serve yet answer the tenant's searches once every published article has its vectors there.
 * Until then the old space, which is complete, serves. Call it with the spaces locked (see `isServing`). After a change of
 * address the new space serves at once: the key must not go to where the old vectors come from, so no search could use them.
 */
export type CutOverWhenComplete = (
  tx: Transaction,
  tenantId: string,
  space: Pick<Space, 'id' | 'target'>,
) => Promise<void>;

/** Creates the cut-over from one space to the next. */
export function createCutOver({ outbox }: { readonly outbox: Pick<Outbox, 'enqueue'> }): CutOverWhenComplete {
  return async (tx, tenantId, { id: spaceId, target }) => {
    const old = await serving(tx, tenantId);
    if (old !== undefined && atCurrentAddress(old.target, target) === undefined)
      return serve(tx, tenantId, spaceId);
    if (await anyWaiting(tx, tenantId)) return build(tx, tenantId, spaceId);
    // When the default model of the installation changes, nothing requests the backlog of the tenants that name no
    // model. The first article that is embedded with the new default marks the others as stale and requests it.
    if ((await markStaleBySpace(tx, tenantId, spaceId)) === 0) return serve(tx, tenantId, spaceId);
    await build(tx, tenantId, spaceId);
    await outbox.enqueue(tx, { tenantId, kind: 'backlog', subjectId: tenantId });
  };
}
