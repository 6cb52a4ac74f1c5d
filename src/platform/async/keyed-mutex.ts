/** Releases the mutex to the next waiter. Further calls do nothing. */
export type Release = () => void;

/** A mutex per key. Waiters are served in order; keys do not block each other. */
export interface KeyedMutex {
  /** Resolves with the release once the mutex is acquired, or with undefined after `timeoutMs` milliseconds. Never rejects. */
  acquire(key: string, timeoutMs: number): Promise<Release | undefined>;
}

/** A keyed mutex of this process. Its waiters hold no database connection, unlike the waiters for a lock of the database. */
export function createKeyedMutex(): KeyedMutex {
  /** The waiters by key, without the holder. A free key has no entry. */
  const queues = new Map<string, Set<() => void>>();

  const releaseOf = (key: string, queue: Set<() => void>): Release => {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const [next] = queue;
      if (next === undefined) queues.delete(key);
      else next();
    };
  };

  return {
    async acquire(key, timeoutMs) {
      const queue = queues.get(key);
      if (queue === undefined) {
        const empty = new Set<() => void>();
        queues.set(key, empty);
        return releaseOf(key, empty);
      }
      return new Promise((resolve) => {
        const begin = () => {
          clearTimeout(timer);
          queue.delete(begin);
          resolve(releaseOf(key, queue));
        };
        const timer = setTimeout(() => {
          queue.delete(begin);
          resolve(undefined);
        }, timeoutMs);
        queue.add(begin);
      });
    },
  };
}
