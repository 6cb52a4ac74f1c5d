import { LRUCache } from 'lru-cache';
import { createSingleFlight } from './single-flight.ts';

/** A bounded cache of results. Concurrent callers of a key share one computation. */
export interface SharedCache<T> {
  /**
   * The cached result of the key, else the result of the `make` under way for it, else the result of the given `make`. Rejects
   * as that `make` rejects; the next call starts a new one. A result that concerns one caller only is not given to another
   * `caller`, who then makes its own.
   */
  get(key: string, make: () => Promise<T>, caller?: string | null): Promise<T>;
}

export interface SharedCacheOptions<T> {
  /** How long a result is cached, in milliseconds, from its arrival; with 0 work is shared and nothing is cached. */
  readonly ttlMs: number;
  /** The bound of the total size, by `sizeOf`; the least recently used results are evicted first. */
  readonly maxSize: number;
  /** The size of a result; a size below 1 counts as 1. */
  sizeOf(value: T): number;
  /** Whether to cache the result. A failure is usually given to the waiting callers and not cached. */
  worthKeeping(value: T): boolean;
  /** Whether the result concerns only the caller that made it; by default none does. */
  concernsCallerOnly?(value: T): boolean;
  /** Whether a timer removes an expired result from memory at once; otherwise it stays until evicted, but is never returned. */
  readonly purgeExpired?: boolean;
  /** Called when a cached result is returned. */
  onHit?(): void;
}

/** Creates a shared cache. The caller chooses keys that do not collide. */
export function createSharedCache<T>(options: SharedCacheOptions<T>): SharedCache<T> {
  const remembered = new LRUCache<string, { readonly value: T }>({
    ttl: options.ttlMs,
    // The clock is read at each call, so an expired result is never returned.
    ttlResolution: 0,
    ttlAutopurge: options.purgeExpired ?? false,
    maxSize: options.maxSize,
    sizeCalculation: ({ value }) => Math.max(1, Math.ceil(options.sizeOf(value))),
  });
  // Work under way is not in the cache: an eviction must not cause a second computation.
  const underWay = createSingleFlight<{ readonly value: T; readonly by: string | null }>();

  return {
    async get(key, make, caller = null) {
      for (;;) {
        const known = remembered.get(key);
        if (known !== undefined) {
          options.onHit?.();
          return known.value;
        }
        const { value, by } = await underWay.run(key, async () => {
          const made = await make();
          // The library reads a ttl of 0 as "never expires".
          if (options.ttlMs > 0 && options.worthKeeping(made)) remembered.set(key, { value: made });
          return { value: made, by: caller };
        });
        if (by === caller || !options.concernsCallerOnly?.(value)) return value;
      }
    },
  };
}
