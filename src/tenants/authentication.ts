import type { Actor } from '../domain/actor.ts';
import type { Database } from '../platform/postgres/database.ts';
import { hashApiKey, looksLikeApiKey } from './api-key.ts';
import { findKeyHolder, recordKeyUse } from './store.ts';

export interface Authentication {
  /**
   * Who presents this key: undefined for a string that is no key, for an unknown, an expired and a revoked one alike.
   * Asks the database each time, so that a revocation holds at once in every process.
   */
  authenticate(presentedKey: string): Promise<Actor | undefined>;
  /** Resolves once the uses seen so far have been written (or could not be). */
  settled(): Promise<void>;
}

/** Tells tenants by their API keys. */
export function createAuthentication(deps: {
  readonly database: Database;
  /** Told when the time of use could not be written; the request goes on. */
  readonly onUseNotRecorded?: (error: unknown) => void;
}): Authentication {
  const { database } = deps;
  const recording = new Map<string, Promise<void>>();

  /** In the background and once at a time a key: nobody waits for it, and a burst costs one write. */
  const recordUse = (tenantId: string, keyId: string): void => {
    if (recording.has(keyId)) return;
    const written = database
      .withTenant(tenantId, (tx) => recordKeyUse(tx, tenantId, keyId))
      .catch((error: unknown) => deps.onUseNotRecorded?.(error))
      .finally(() => recording.delete(keyId));
    recording.set(keyId, written);
  };

  return {
    async authenticate(presentedKey) {
      if (!looksLikeApiKey(presentedKey)) return undefined;
      const keyHash = hashApiKey(presentedKey);
      const holder = await database.withApiKeyHash(keyHash.toString('hex'), (tx) =>
        findKeyHolder(tx, keyHash),
      );
      if (holder === undefined) return undefined;
      const { tenantId, keyId, label, role } = holder;
      if (holder.useIsUnrecorded) recordUse(tenantId, keyId);
      return { tenantId, keyId, label, role };
    },

    async settled() {
      await Promise.all(recording.values());
    },
  };
}
