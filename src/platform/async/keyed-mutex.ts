/** Gives the turn to the next. More than once does no more. */
export type Release = () => void;

/** Turns by name: one at a time has that of a name, in the order in which they came; different names do not wait for each other. */
export interface KeyedMutex {
  /** Waits for the turn; undefined where it does not come within the patience, and then it goes to the next who waits. */
  acquire(name: string, timeoutMs: number): Promise<Release | undefined>;
}

/** Turns within this process. Who waits here holds no connection, as who waits for a lock in the database does. */
export function createKeyedMutex(): KeyedMutex {
  /** Those who wait, by name. Whose turn it is stands no longer among them; a name that nobody has is not here. */
  const queues = new Map<string, Set<() => void>>();

  const releaseOf = (name: string, queue: Set<() => void>): Release => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const [next] = queue;
      if (next === undefined) queues.delete(name);
      else next();
    };
  };

  return {
    async acquire(name, timeoutMs) {
      const queue = queues.get(name);
      if (queue === undefined) {
        const empty = new Set<() => void>();
        queues.set(name, empty);
        return releaseOf(name, empty);
      }
      return new Promise((resolve) => {
        const begin = () => {
          clearTimeout(timer);
          queue.delete(begin);
          resolve(releaseOf(name, queue));
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
