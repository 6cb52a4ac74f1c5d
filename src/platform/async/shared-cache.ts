import { LRUCache } from 'lru-cache';

/** Work that is shared by all who want the same at the same time, and whose good result is remembered for a short while, bounded. */
export interface SharedCache<T> {
  /**
   * The remembered result of this key, or that of the `make` under way for it, or else of the given `make`. Fails as the
   * `make` fails that it waited for; the next one who asks begins again.
   */
  get(key: string, make: () => Promise<T>): Promise<T>;
}

export interface SharedCacheOptions<T> {
  /** How long a result is remembered, from the moment that it was there. */
  readonly ttlMs: number;
  /** What the remembered results may come to together, by `sizeOf`; those unused the longest go first. */
  readonly maxSize: number;
  /** A result's share of `maxSize`; it counts as 1 at least. */
  sizeOf(value: T): number;
  /** Whether the result is worth remembering: a failure is told to those who wait for it and then forgotten. */
  worthKeeping(value: T): boolean;
}

/** Shares work that many want at once, and remembers for a while what it gave. Keys are the caller's to keep apart. */
export function createSharedCache<T>(options: SharedCacheOptions<T>): SharedCache<T> {
  const remembered = new LRUCache<string, { readonly value: T }>({
    ttl: options.ttlMs,
    // Its clock is read each time: nothing expired is ever given.
    ttlResolution: 0,
    maxSize: options.maxSize,
    sizeCalculation: ({ value }) => Math.max(1, Math.ceil(options.sizeOf(value))),
  });
  // Beside the cache and not in it: what is under way must not be pushed out and begun twice.
  const underWay = new Map<string, Promise<T>>();

  const begin = async (key: string, make: () => Promise<T>): Promise<T> => {
    const value = await make();
    if (options.worthKeeping(value)) remembered.set(key, { value });
    return value;
  };

  return {
    async get(key, make) {
      const known = remembered.get(key);
      if (known !== undefined) return known.value;
      const shared = underWay.get(key);
      if (shared !== undefined) return shared;
      const begun = begin(key, make);
      underWay.set(key, begun);
      try {
        return await begun;
      } finally {
        // Here, after it was entered, also where `make` threw at once; before any who joined are told.
        underWay.delete(key);
      }
    },
  };
}
