import { LRUCache } from 'lru-cache';
import type { KeyHolder } from './store.ts';

/** The holder of a key, as one look-up has found it. */
interface Remembered {
  readonly holder: KeyHolder;
  /** When the key expires, by `performance.now()`. */
  readonly expiresAtMs: number;
}

/** A look-up under way. */
export interface LookUp {
  /** Remembers what the look-up has found, unless a key has changed since it began or changes are not announced. */
  remember(keyHash: string, holder: KeyHolder): void;
}

/** The holders of API keys, as they were found some seconds ago at most. */
export interface RememberedHolders {
  /** The holder of the key with this hash; undefined where none is remembered, or the key has expired. */
  find(keyHash: string): KeyHolder | undefined;
  /** Begins a look-up, before its first statement. */
  beginLookUp(): LookUp;
  /** Forgets a key that has changed. */
  forget(keyId: string): void;
  /** From now on every change is announced: holders are remembered. */
  resume(): void;
  /** Changes may be missed: forgets all, and remembers nothing until `resume`. */
  suspend(): void;
}

/** The longest that a revoked key may be taken for valid: where its announcement was lost and no error showed it. */
const rememberedMs = 5_000;
const rememberedKeys = 10_000;

/** Creates the memory of one process. It remembers nothing before the first `resume`. */
export function createRememberedHolders(): RememberedHolders {
  let isAnnounced = false;
  /** Counts everything after which a look-up under way may be out of date. */
  let changes = 0;
  const hashesOfKeys = new Map<string, string>();
  const holders = new LRUCache<string, Remembered>({
    max: rememberedKeys,
    ttl: rememberedMs,
    // The clock is read at each call, so that nothing is remembered for longer.
    ttlResolution: 0,
    dispose: ({ holder }) => hashesOfKeys.delete(holder.keyId),
  });

  return {
    find(keyHash) {
      const found = holders.get(keyHash);
      return found === undefined || found.expiresAtMs <= performance.now() ? undefined : found.holder;
    },
    beginLookUp() {
      const begunAtMs = performance.now();
      const before = changes;
      return {
        remember(keyHash, holder) {
          if (!isAnnounced || changes !== before) return;
          const expiresAtMs = begunAtMs + (holder.expiresInMs ?? Number.POSITIVE_INFINITY);
          // Its time runs from the look-up's beginning, because the row may have been read then.
          holders.set(keyHash, { holder, expiresAtMs }, { start: begunAtMs });
          hashesOfKeys.set(holder.keyId, keyHash);
        },
      };
    },
    forget(keyId) {
      changes += 1;
      const hash = hashesOfKeys.get(keyId);
      if (hash !== undefined) holders.delete(hash);
    },
    resume() {
      changes += 1;
      isAnnounced = true;
    },
    suspend() {
      changes += 1;
      isAnnounced = false;
      holders.clear();
    },
  };
}
