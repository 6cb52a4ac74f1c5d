import type { Outbox } from '../outbox/outbox.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { build, serve } from '../vectors/spaces.ts';
import { anyWaiting, markStaleBySpace } from './backlog/backlog-store.ts';

/**
 * Lets a space that does not serve yet answer the tenant's searches once every published article has its vectors there; until
 * then the old one goes on serving, complete as it is. To be called with the spaces locked (see `isServing`).
 */
export type CutOverWhenComplete = (tx: Transaction, tenantId: string, spaceId: string) => Promise<void>;

export function createCutOver({ outbox }: { readonly outbox: Pick<Outbox, 'enqueue'> }): CutOverWhenComplete {
  return async (tx, tenantId, spaceId) => {
    if (await anyWaiting(tx, tenantId)) return build(tx, tenantId, spaceId);
    // A tenant that names no model gets no notice when the installation's default becomes another one: the first article that
    // is embedded with it finds the others stale, and asks for the backlog.
    if ((await markStaleBySpace(tx, tenantId, spaceId)) === 0) return serve(tx, tenantId, spaceId);
    await build(tx, tenantId, spaceId);
    await outbox.enqueue(tx, { tenantId, kind: 'backlog', subjectId: tenantId });
  };
}
