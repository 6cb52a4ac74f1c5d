import { LRUCache } from 'lru-cache';
import type { Actor } from '../domain/actor.ts';
import { createFreshFlight } from '../platform/async/fresh-flight.ts';
import { withTimeout } from '../platform/async/with-timeout.ts';
import type { Database } from '../platform/postgres/database.ts';
import { hashApiKey, looksLikeApiKey } from './api-key.ts';
import { findKeyHolder, type KeyHolder, recordKeyUse } from './store.ts';

export interface Authentication {
  /**
   * The actor of a key; undefined when the key is malformed, unknown, expired or revoked. Reads the database after each call, so
   * that a revocation takes effect at once in every process; concurrent calls share one statement. `address` is the client's.
   */
  authenticate(presentedKey: string, address?: string): Promise<Actor | undefined>;
  /** Resolves, within seconds, once the uses so far are written or their writes have failed, with the number cut off. */
  settled(): Promise<number>;
}

/** The time of a use is worth no longer wait. */
const settleMs = 3_000;
/** Keys whose tenant is remembered: for the order of log-ins only, never for an answer. */
const rememberedKeys = 10_000;

/** Authenticates tenants by their API keys. */
export function createAuthentication(deps: {
  readonly database: Database;
  /** Called when the time of use could not be written; the request goes on. */
  readonly onUseNotRecorded?: (error: unknown) => void;
}): Authentication {
  const { database } = deps;
  const recording = new Map<string, Promise<void>>();
  const lookUps = createFreshFlight<KeyHolder | undefined>();
  const tenantsOfKeys = new LRUCache<string, string>({ max: rememberedKeys });

  /** Log-ins wait behind those of their own tenant, and where nobody knows it, behind those of their own address. */
  const findHolder = async (keyHash: Buffer, address: string): Promise<KeyHolder | undefined> => {
    const hash = keyHash.toString('hex');
    const origin = tenantsOfKeys.get(hash) ?? `address ${address}`;
    const holder = await lookUps.run(hash, () =>
      database.withApiKeyHash(hash, (tx) => findKeyHolder(tx, keyHash), origin),
    );
    if (holder === undefined) tenantsOfKeys.delete(hash);
    else tenantsOfKeys.set(hash, holder.tenantId);
    return holder;
  };

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
    async authenticate(presentedKey, address = 'unknown') {
      if (!looksLikeApiKey(presentedKey)) return undefined;
      const holder = await findHolder(hashApiKey(presentedKey), address);
      if (holder === undefined) return undefined;
      const { tenantId, keyId, label, role } = holder;
      if (holder.useIsUnrecorded) recordUse(tenantId, keyId);
      return { tenantId, keyId, label, role };
    },

    async settled() {
      const isLate = await withTimeout(
        Promise.all(recording.values()).then(() => false),
        settleMs,
        true,
      );
      return isLate ? recording.size : 0;
    },
  };
}
