import type { RetryState } from '../src/domain/embed-article.ts';
import type { Failure, FailureCode } from '../src/domain/failures.ts';
import { retryForMs } from '../src/domain/retry-waits.ts';
import { roundWaitMs } from '../src/domain/round-waits.ts';

/** The rounds of a document in which something has failed that may pass. */
export interface Rounds {
  readonly state: RetryState;
  /** Counts a failed round; returns the wait before the next, undefined when none is left. */
  failed(failure: Failure): number | undefined;
  /** Begins anew: a part was done, or something has changed. */
  reset(): void;
}

/** The codes of a wait that costs nothing, though a call of ours was made. */
const free: readonly FailureCode[] = ['vault_unavailable', 'circuit_open', 'budget_exhausted'];

/** Counts the rounds of a run, from where the run that it continues has left them. */
export function countRounds(continued: RetryState = { tries: 0 }): Rounds {
  let state = continued;
  return {
    get state() {
      return state;
    },
    failed(failure) {
      const waitMs = roundWaitMs(failure, isFree(failure) ? (state.refusals ?? 0) : state.tries);
      const sinceMs = state.sinceMs ?? Date.now();
      state = isFree(failure)
        ? { ...state, sinceMs, refusals: (state.refusals ?? 0) + 1 }
        : { tries: state.tries + 1, sinceMs };
      return Date.now() - sinceMs <= retryForMs ? waitMs : undefined;
    },
    reset() {
      state = { tries: 0 };
    },
  };
}

const isFree = ({ code, called }: Failure) => called === false || free.includes(code);
