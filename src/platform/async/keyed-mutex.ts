/** Gives the turn to the next. More than once does no more. */
export type Leave = () => void;

/** Turns by name: one at a time has that of a name, in the order in which they came; different names do not wait for each other. */
export interface Turns {
  /** Waits for the turn; undefined where it does not come within the patience, and then it goes to the next who waits. */
  enter(name: string, patienceMs: number): Promise<Leave | undefined>;
}

/** Turns within this process. Who waits here holds no connection, as who waits for a lock in the database does. */
export function createTurns(): Turns {
  /** Those who wait, by name. Whose turn it is stands no longer among them; a name that nobody has is not here. */
  const queues = new Map<string, Set<() => void>>();

  const leaveOf = (name: string, queue: Set<() => void>): Leave => {
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
    async enter(name, patienceMs) {
      const queue = queues.get(name);
      if (queue === undefined) {
        const empty = new Set<() => void>();
        queues.set(name, empty);
        return leaveOf(name, empty);
      }
      return new Promise((resolve) => {
        const begin = () => {
          clearTimeout(timer);
          queue.delete(begin);
          resolve(leaveOf(name, queue));
        };
        const timer = setTimeout(() => {
          queue.delete(begin);
          resolve(undefined);
        }, patienceMs);
        queue.add(begin);
      });
    },
  };
}
