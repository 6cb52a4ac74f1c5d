import { uncancelled } from './cancellation.ts';

/** Concurrent calls for one key share one run of the work and its result. */
export interface SingleFlight<T> {
  /** The result of the work under way for this key; without any, the given `work` is started. Rejects as the work rejects. */
  run(key: string, work: () => Promise<T>): Promise<T>;
}

/** Creates a single flight. Shared work goes on when the request that started it has ended. Nothing is cached: a call after the end starts the work again, after a failure as well. */
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
        // Deleted before the sharing callers resume: one of them may call again at once.
        underWay.delete(key);
      }
    },
  };
}
