import { LRUCache } from 'lru-cache';
import { createSingleFlight } from './single-flight.ts';

/** Work that is shared by all who want the same at the same time, and whose good result is remembered for a short while, bounded. */
export interface SharedCache<T> {
  /**
   * The remembered result of this key, or that of the `make` under way for it, or else of the given `make`. Fails as the
   * `make` fails that it waited for; the next one who asks begins again.
   */
  get(key: string, make: () => Promise<T>): Promise<T>;
}

export interface SharedCacheOptions<T> {
  /** How long a result is remembered, from the moment that it was there; 0 shares work and remembers nothing. */
  readonly ttlMs: number;
  /** What the remembered results may come to together, by `sizeOf`; those unused the longest go first. */
  readonly maxSize: number;
  /** A result's share of `maxSize`; it counts as 1 at least. */
  sizeOf(value: T): number;
  /** Whether the result is worth remembering: a failure is told to those who wait for it and then forgotten. */
  worthKeeping(value: T): boolean;
  /** Whether an expired result leaves the memory at once, by a timer; otherwise it is only never given again. */
  readonly purgeExpired?: boolean;
  /** A remembered result was given. */
  onHit?(): void;
}

/** Shares work that many want at once, and remembers for a while what it gave. Keys are the caller's to keep apart. */
export function createSharedCache<T>(options: SharedCacheOptions<T>): SharedCache<T> {
  const remembered = new LRUCache<string, { readonly value: T }>({
    ttl: options.ttlMs,
    // Its clock is read each time: nothing expired is ever given.
    ttlResolution: 0,
    ttlAutopurge: options.purgeExpired ?? false,
    maxSize: options.maxSize,
    sizeCalculation: ({ value }) => Math.max(1, Math.ceil(options.sizeOf(value))),
  });
  // Beside the cache and not in it: what is under way must not be pushed out and begun twice.
  const underWay = createSingleFlight<T>();

  return {
    async get(key, make) {
      const known = remembered.get(key);
      if (known !== undefined) {
        options.onHit?.();
        return known.value;
      }
      return underWay.run(key, async () => {
        const value = await make();
        // The library takes a time of 0 for no end at all.
        if (options.ttlMs > 0 && options.worthKeeping(value)) remembered.set(key, { value });
        return value;
      });
    },
  };
}
