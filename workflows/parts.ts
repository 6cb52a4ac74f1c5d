import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { JobRef, PartRef } from '../src/domain/extract-content.ts';
import type { Failure, FailureCode } from '../src/domain/failures.ts';
import { type Passing, scopeOfFailure } from '../src/domain/ingest-content.ts';
import type { Changes } from './changes.ts';
import { failureCodeOf } from './failure-code.ts';
import { articleMaking, chatCall, partsAtOnce } from './policies.ts';
import { isInterrupted, type Turn, untilFree } from './until-free.ts';

const { extractPart } = proxyActivities<Activities>(chatCall);
const { makeArticles } = proxyActivities<Activities>(articleMaking);

/** What the work on the open parts of a document has come to. */
export type Worked = (
  | { readonly kind: 'over'; readonly code?: FailureCode }
  /** Some parts stay open for a reason that may pass. */
  | Passing
  /** The job or its key has changed, or the run is to be continued as a new one. */
  | { readonly kind: 'again' }
) & {
  /** Whether a part was settled. */
  readonly settled: boolean;
};

/** What one part has come to. */
type Outcome =
  | { readonly kind: 'settled' | 'cut' | 'ended' | 'interrupted' }
  | Passing
  | { readonly kind: 'failed'; readonly code: FailureCode };

/**
 * Works off the open parts, a few at a time. A part whose call fails stays open for the next round and the others go on; what would
 * befall all of them, such as a rejected key or an open breaker, ends the round.
 */
export async function extractParts(job: JobRef, open: readonly PartRef[], changes: Changes): Promise<Worked> {
  const queue = [...open];
  const called: Passing[] = [];
  const turn: Turn = { isTaken: false };
  let settled = false;
  let stop: Exclude<Outcome, { kind: 'settled' | 'cut' }> | undefined;

  const take = (ref: PartRef, outcome: Outcome) => {
    switch (outcome.kind) {
      case 'settled':
        settled = true;
        return;
      case 'cut':
        queue.unshift({ part: ref.part, half: 1 }, { part: ref.part, half: 2 });
        return;
      case 'passing':
        if (isOfPart(outcome)) called.push(outcome);
        else stop ??= outcome;
        return;
      case 'failed':
      case 'ended':
      case 'interrupted':
        stop ??= outcome;
        return;
      default:
        return outcome satisfies never;
    }
  };
  const goesOn = () => stop === undefined && !isInterrupted(changes);
  const work = async () => {
    for (let ref = queue.shift(); ref !== undefined; ref = queue.shift()) {
      if (!goesOn()) return queue.unshift(ref);
      take(ref, await onePart(job, ref, { changes, turn }));
    }
    return queue.length;
  };
  await Promise.all(Array.from({ length: partsAtOnce }, work));
  return { ...resultOf(stop, called, queue.length), settled };
}

/** Ended and failed jobs come first. A failed call counts as a round, even where it has opened the breaker. */
function resultOf(
  stop: Exclude<Outcome, { kind: 'settled' | 'cut' }> | undefined,
  called: readonly Passing[],
  left: number,
) {
  if (stop?.kind === 'ended') return { kind: 'over' } as const;
  if (stop?.kind === 'failed') return { kind: 'over', code: stop.code } as const;
  const [failed] = called;
  if (failed !== undefined) return failed;
  if (stop?.kind === 'passing') return stop;
  return stop?.kind === 'interrupted' || left > 0
    ? ({ kind: 'again' } as const)
    : ({ kind: 'over' } as const);
}

/** Buys the answer about a part and makes its articles, in one step where its time is enough. */
async function onePart(
  job: JobRef,
  ref: PartRef,
  { changes, turn }: { readonly changes: Changes; readonly turn: Turn },
): Promise<Outcome> {
  try {
    const extracted = await untilFree(changes, () => extractPart({ ...job, ...ref }), turn);
    if (extracted.kind !== 'extracted') return extracted;
    return await untilFree(changes, () => makeArticles({ ...job, ...ref }), turn);
  } catch (error) {
    return passingOrFailed(failureCodeOf(error));
  }
}

/** Whether a failure that may pass is that of one call. The others would befall every part: no call was made. */
const isOfPart = ({ code, called }: Failure) =>
  called !== false && code !== 'circuit_open' && code !== 'vault_unavailable' && code !== 'budget_exhausted';

/** What a step that has thrown means: its worker died or an error of ours, which may pass, or a failure for good. */
export function passingOrFailed(
  code: FailureCode,
): Passing | { readonly kind: 'failed'; readonly code: FailureCode } {
  return scopeOfFailure({ code }) === 'passing' ? { kind: 'passing', code } : { kind: 'failed', code };
}
