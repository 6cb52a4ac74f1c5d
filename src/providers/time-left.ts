/** With less time than this left, in milliseconds, no further call is made: it would only count as slow. */
const shortestMs = 200;

/** Starts a time of so many milliseconds. The result tells how many are left of it; 0 where they are too few for a call. */
export function startTime(timeoutMs: number): () => number {
  const endsAtMs = performance.now() + timeoutMs;
  return () => {
    const leftMs = Math.floor(endsAtMs - performance.now());
    return leftMs < shortestMs ? 0 : leftMs;
  };
}
