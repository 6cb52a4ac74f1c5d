import type { Actor } from '../domain/actor.ts';
import type { Database } from '../platform/postgres/database.ts';
import { hashApiKey, looksLikeApiKey } from './api-key.ts';
import { findKeyHolder, recordKeyUse } from './store.ts';

export interface Authentication {
  /**
   * The actor of a key; undefined when the key is malformed, unknown, expired or revoked. Reads the database each time, so that
   * a revocation takes effect at once in every process.
   */
  authenticate(presentedKey: string): Promise<Actor | undefined>;
  /** Resolves once the uses so far are written or their writes have failed. */
  settled(): Promise<void>;
}

/** Authenticates tenants by their API keys. */
export function createAuthentication(deps: {
  readonly database: Database;
  /** Called when the time of use could not be written; the request goes on. */
  readonly onUseNotRecorded?: (error: unknown) => void;
}): Authentication {
  const { database } = deps;
  const recording = new Map<string, Promise<void>>();

  /** Writes in the background, one write at a time for each key: no request waits for it, and a burst costs one write. */
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
