import type { JobStatus, PartRef } from './extract-content.ts';
import { type Failure, type FailureCode, failureTraits } from './failures.ts';

// The payloads between the IngestContent workflow and its activities: ids, numbers and codes.

/** A step that may succeed later. The wait is the workflow's. */
export type Passing = { readonly kind: 'passing' } & Failure;

/** No slot or no thread of the worker is free for the tenant. Nothing was done. */
export interface Busy {
  readonly kind: 'busy';
  readonly retryInMs: number;
}

/** The job is gone, or has ended: it was cancelled, or another run has ended it. */
export interface Ended {
  readonly kind: 'ended';
}

/** Answer of `prepareDocument`: the document is read and divided. */
export type Prepared =
  | {
      readonly kind: 'prepared';
      /** Which try of the job this is; a retry by a person raises it. */
      readonly attempt: number;
      /** The parts that are not settled yet. */
      readonly open: readonly PartRef[];
    }
  | Passing
  | Busy
  | Ended;

/** Answer of `extractPart`. */
export type Extracted =
  /** The answer is bought and stored, and the time of the step is too short for its articles. */
  | { readonly kind: 'extracted' }
  /** The answer was cut off: the halves are asked for in its place. */
  | { readonly kind: 'cut' }
  /** An answer that cannot be used was bought, and it is worth one more. */
  | { readonly kind: 'again' }
  /** Nothing is left to do: its articles are made, or it was refused for good, left out, or done by an earlier run. */
  | { readonly kind: 'settled' }
  | Passing
  | Busy
  | Ended;

/** Answer of `makeArticles`. `again`: articles of the answer are left. */
export type Made = { readonly kind: 'settled' } | { readonly kind: 'again' } | Passing | Busy | Ended;

/** The most articles that one run of a step makes, each of which may wait five seconds for the gate: few, so that a dead worker is noticed soon. */
export const articlesOfOneRun = 15;

/** Answer of `finishJob`. `changed`: the job was asked for again meanwhile and goes on. */
export type Finished =
  | { readonly kind: 'changed' | 'gone' }
  | {
      readonly kind: 'finished';
      readonly status: Exclude<JobStatus, 'queued' | 'running'>;
      readonly code: FailureCode | null;
      readonly parts: number;
      readonly articles: number;
    };

/** What a failure of a call about one part means for its job. */
export function scopeOfFailure(failure: Failure): 'passing' | 'part' | 'job' {
  const { workflow, who } = failureTraits[failure.code];
  // An answer in another shape depends on the part that was asked about, and so does what its author can mend.
  if (failure.code === 'malformed_response' || who === 'author') return 'part';
  // Calls under way have reserved the budget, or the provider has named the end of a pause.
  if (failure.retryAfterMs !== undefined && (failure.called === false || failure.code === 'budget_exhausted'))
    return 'passing';
  return workflow === 'retries' || workflow === 'waits' ? 'passing' : 'job';
}
