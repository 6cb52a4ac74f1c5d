import { LRUCache } from 'lru-cache';
import type { Actor } from '../domain/actor.ts';
import { createFreshFlight } from '../platform/async/fresh-flight.ts';
import { withTimeout } from '../platform/async/with-timeout.ts';
import type { Database } from '../platform/postgres/database.ts';
import { hashApiKey, looksLikeApiKey } from './api-key.ts';
import type { KeyChanges } from './key-changes.ts';
import { createRememberedHolders } from './remembered-holders.ts';
import { findKeyHolder, type KeyHolder, recordKeyUse } from './store.ts';

export interface Authentication {
  /**
   * The actor of a key; undefined when the key is malformed, unknown, expired or revoked. Its holder is remembered for some seconds
   * while changes of keys are announced to this process; otherwise the database is read after each call, and concurrent calls share
   * one statement. `address` is the client's.
   */
  authenticate(presentedKey: string, address?: string): Promise<Actor | undefined>;
  /** Resolves, within seconds, once the uses so far are written or their writes have failed, with the number cut off. */
  settled(): Promise<number>;
}

/** What else this room asks of the log-ins of its own process. */
export interface LogIns extends Authentication {
  /** A key is changed and the change is committed: the next log-in reads it. */
  keyChanged(keyId: string): void;
}

/** The time of a use is worth no longer wait. */
const settleMs = 3_000;
/** Keys whose tenant is remembered: for the order of log-ins only, never for an answer. */
const rememberedKeys = 10_000;

/** Authenticates tenants by their API keys. */
export function createAuthentication(deps: {
  readonly database: Database;
  /** Announces changes of keys, from all processes. Without it nothing is remembered. */
  readonly keyChanges?: KeyChanges | undefined;
  /** Called when the time of use could not be written; the request goes on. */
  readonly onUseNotRecorded?: (error: unknown) => void;
}): LogIns {
  const { database, keyChanges } = deps;
  const recording = new Map<string, Promise<void>>();
  const lookUps = createFreshFlight<KeyHolder | undefined>();
  const tenantsOfKeys = new LRUCache<string, string>({ max: rememberedKeys });
  const remembered = createRememberedHolders();

  /** Log-ins wait behind those of their own tenant, and where nobody knows it, behind those of their own address. */
  const lookUp = async (keyHash: Buffer, hash: string, address: string): Promise<KeyHolder | undefined> => {
    const origin = tenantsOfKeys.get(hash) ?? `address ${address}`;
    const holder = await lookUps.run(hash, async () => {
      const begun = remembered.beginLookUp();
      const found = await database.withApiKeyHash(hash, (tx) => findKeyHolder(tx, keyHash), origin);
      if (found === undefined) return undefined;
      // Only a real key costs a connection to the announcements, and only in a process that logs in.
      keyChanges?.listen(remembered);
      begun.remember(hash, found);
      return found;
    });
    if (holder === undefined) tenantsOfKeys.delete(hash);
    else tenantsOfKeys.set(hash, holder.tenantId);
    return holder;
  };

  /** Writes in the background, one write at a time for each key: no request waits for it, and a burst costs one write. */
  const recordUse = (tenantId: string, keyId: string): void => {
    if (recording.has(keyId)) return;
    const written = database
      .withTenantUnsynced(tenantId, (tx) => recordKeyUse(tx, tenantId, keyId))
      .catch((error: unknown) => deps.onUseNotRecorded?.(error))
      .finally(() => recording.delete(keyId));
    recording.set(keyId, written);
  };

  const actorOf = ({ tenantId, keyId, label, role }: KeyHolder): Actor => ({ tenantId, keyId, label, role });

  return {
    async authenticate(presentedKey, address = 'unknown') {
      if (!looksLikeApiKey(presentedKey)) return undefined;
      const keyHash = hashApiKey(presentedKey);
      const hash = keyHash.toString('hex');
      const known = remembered.find(hash);
      if (known !== undefined) return actorOf(known);
      const holder = await lookUp(keyHash, hash, address);
      if (holder === undefined) return undefined;
      // A remembered holder is looked up again within seconds, and its use is written then.
      if (holder.useIsUnrecorded) recordUse(holder.tenantId, holder.keyId);
      return actorOf(holder);
    },

    keyChanged: remembered.forget,

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
