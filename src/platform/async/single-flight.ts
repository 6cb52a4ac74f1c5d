import { uncancelled } from './cancellation.ts';

/** Work under way, by key: those who ask for a key while its work is under way share the one result. */
export interface SingleFlight<T> {
  /** The result of the work under way for this key, or of the given `work`, which is begun if there is none. */
  run(key: string, work: () => Promise<T>): Promise<T>;
}

/** Work that is shared goes on when the request that began it has ended. Nothing is remembered: the next one who asks after the end begins again, after a failure as well. */
export function createSingleFlight<T>(): SingleFlight<T> {
  const underWay = new Map<string, Promise<T>>();
  return {
    async run(key, work) {
      const shared = underWay.get(key);
      if (shared !== undefined) return shared;
      const begun = uncancelled(work);
      underWay.set(key, begun);
      try {
        return await begun;
      } finally {
        // Before any who share the result get it: one of them may ask again at once.
        underWay.delete(key);
      }
    },
  };
}
