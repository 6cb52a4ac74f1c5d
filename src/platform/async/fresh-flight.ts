/** Reads under way, by key. Those who ask for a key before its next read begins share that read. */
export interface FreshFlight<T> {
  /** The result of a read that begins after this call. */
  run(key: string, read: () => Promise<T>): Promise<T>;
}

/**
 * Shares reads without staleness: a read under way may have missed what was written a moment ago, so it is never joined. One
 * read a key is under way, and one waits for its end.
 */
export function createFreshFlight<T>(): FreshFlight<T> {
  const underWay = new Map<string, Promise<unknown>>();
  const next = new Map<string, Promise<T>>();

  const begin = async (key: string, read: () => Promise<T>): Promise<T> => {
    const reading = read();
    underWay.set(key, reading);
    try {
      return await reading;
    } finally {
      underWay.delete(key);
    }
  };

  return {
    async run(key, read) {
      const shared = next.get(key);
      if (shared !== undefined) return shared;
      const before = underWay.get(key);
      if (before === undefined) return begin(key, read);
      const following = before
        .catch(() => undefined)
        .then(() => {
          next.delete(key);
          return begin(key, read);
        });
      next.set(key, following);
      return following;
    },
  };
}
