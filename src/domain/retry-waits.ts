import { type Failure, failureTraits } from './failures.ts';

/** The first wait is short, so that the author does not notice a short failure. Each further one is twice as long. */
const firstWaitMs = 2_000;

/**
 * The longest wait after failures of the provider. After an outage a call succeeds within five minutes, and the outage itself
 * costs 12 calls an hour. A provider that asks for more is called again after it: a limit may end earlier than announced.
 */
const longestWaitMs = 300_000;

/** The longest wait for the custody of keys. Asking it costs nothing, so its return is noticed within half a minute. */
const longestCustodyWaitMs = 30_000;

/**
 * How long an article is retried. A day outlasts a provider's outage and a night without an operator. After it a person should
 * look: the article shows the code and can be retried by hand.
 */
export const retryForMs = 24 * 60 * 60_000;

/**
 * The wait before a failed step is tried again, in milliseconds, after `tries` failures before this one; undefined when the
 * workflow does not try it again. A wait that the provider names is kept, unless the one by the number of tries is longer: a
 * provider that names a short wait each time would be called without end.
 */
export function retryWaitMs({ code, retryAfterMs, called }: Failure, tries: number): number | undefined {
  // No call was made: the breaker, a pause of the key, or a budget that is only reserved names its own wait.
  if (failureTraits[code].workflow === 'waits') return retryAfterMs ?? 0;
  if (called === false && retryAfterMs !== undefined) return retryAfterMs;
  if (code === 'budget_exhausted') return retryAfterMs;
  // An answer that cannot be used is paid for. The retry policy of the step tries it once more, and nobody does afterwards.
  if (failureTraits[code].workflow !== 'retries' || code === 'malformed_response') return undefined;
  const longestMs = code === 'vault_unavailable' ? longestCustodyWaitMs : longestWaitMs;
  // 2 to the power of a large number is Infinity, which the limit takes as well.
  return Math.min(Math.max(firstWaitMs * 2 ** tries, retryAfterMs ?? 0), longestMs);
}
