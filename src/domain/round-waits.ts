import { type Failure, failureTraits } from './failures.ts';
import { retryWaitMs } from './retry-waits.ts';

/**
 * The waits after rounds in which a call has failed, for a document or a review: seven tries within a day. Fewer than for an article,
 * since a call about a part costs a hundred times as much, and a provider may bill one that it did not answer in time. The first ones
 * outlast a restart, the last ones an outage and a night.
 */
const roundWaitsMs: readonly number[] = [15_000, 120_000, 900_000, 3_600_000, 3 * 3_600_000, 8 * 3_600_000];

/**
 * The wait before the next round of a document or a review, after `rounds` rounds that have failed before; undefined when there is none. A
 * failure without a call, or of the custody of keys, costs nothing and is asked about as often as for an article.
 */
export function roundWaitMs(failure: Failure, rounds: number): number | undefined {
  const isFree = failureTraits[failure.code].workflow === 'waits' || failure.called === false;
  if (isFree || failure.code === 'vault_unavailable' || failure.code === 'budget_exhausted')
    return retryWaitMs(failure, rounds);
  const waitMs = roundWaitsMs[rounds];
  return waitMs === undefined ? undefined : Math.max(waitMs, failure.retryAfterMs ?? 0);
}

/**
 * The wait that a failed step of a review shows, after `tries` calls that have failed before; undefined when it is not tried again.
 * Its workflow counts the rounds and gives up. An error of ours comes before the call as a rule, and is waited for as by an article.
 */
export function reviewWaitMs(failure: Failure, tries: number): number | undefined {
  const waitMs = retryWaitMs(failure, tries);
  if (waitMs === undefined || failure.code === 'internal') return waitMs;
  return roundWaitMs(failure, Math.min(tries, roundWaitsMs.length - 1));
}
