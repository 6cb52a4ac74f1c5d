/** Work of one name is done one after the other, in the order in which it came; work of different names side by side. */
export interface Turns {
  /** Does the work in its turn; gives or throws what it does. */
  take<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** Turns within this process. Who waits here holds no connection, as who waits for a lock in the database does. */
export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return {
    take(name, work) {
      const before = last.get(name) ?? Promise.resolve();
      const done = before.then(work);
      const over = done
        .catch(() => undefined)
        .then(() => {
          if (last.get(name) === over) last.delete(name);
        });
      last.set(name, over);
      return done;
    },
  };
}
