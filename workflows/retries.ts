import type { RetryState, Waits } from '../src/domain/embed-article.ts';
import { type FailureCode, failureTraits } from '../src/domain/failures.ts';
import { retryForMs, retryWaitMs } from '../src/domain/retry-waits.ts';

/** The retries of a run. */
export interface Retries {
  readonly state: RetryState;
  /** Counts a failure that is waited for. Returns false when the run has waited for a day. */
  failed(waits: Waits): boolean;
  /** Begins anew: something has succeeded or changed. */
  reset(): void;
}

/** Counts the retries of a run, from where the run that it continues has left them. */
export function countRetries(continued: RetryState = { tries: 0 }): Retries {
  let state = continued;
  return {
    get state() {
      return state;
    },
    failed({ code, called }) {
      // A wait for the breaker, a pause of the key or a reserved budget is no try: no call was made.
      const isTry = failureTraits[code].workflow === 'retries' && called !== false;
      const tries = isTry ? state.tries + 1 : state.tries;
      state = {
        tries,
        sinceMs: state.sinceMs ?? Date.now(),
        ...(called === false ? { refusals: (state.refusals ?? 0) + 1 } : {}),
      };
      return Date.now() - (state.sinceMs ?? 0) <= retryForMs;
    },
    reset() {
      state = { tries: 0 };
    },
  };
}

/** The wait after a step that has thrown: its worker died, or an error of ours. Undefined for a failure for good. */
export function waitsFor(code: FailureCode, { tries }: RetryState): Waits | undefined {
  const retryInMs = retryWaitMs({ code }, tries);
  return retryInMs === undefined ? undefined : { kind: 'waits', code, retryInMs };
}
