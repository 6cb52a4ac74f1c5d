import { defineSearchAttributeKey } from '@temporalio/common';
import {
  condition,
  continueAsNew,
  proxyActivities,
  proxyLocalActivities,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { RetryState } from '../src/domain/embed-article.ts';
import type { ExtractionResult, JobRef } from '../src/domain/extract-content.ts';
import type { FailureCode } from '../src/domain/failures.ts';
import type { Passing } from '../src/domain/ingest-content.ts';
import { searchAttributes } from '../src/domain/temporal-names.ts';
import { type Changes, watchChanges } from './changes.ts';
import { failedRun, failureCodeOf } from './failure-code.ts';
import { extractParts, passingOrFailed } from './parts.ts';
import { bookkeeping, documentReading } from './policies.ts';
import { countRounds, type Rounds } from './rounds.ts';
import { untilFree } from './until-free.ts';

const { prepareDocument } = proxyActivities<Activities>(documentReading);
const { showJobWait, finishJob } = proxyLocalActivities<Activities>(bookkeeping);

const outcomeAttribute = defineSearchAttributeKey(searchAttributes.outcome, 'KEYWORD');

/** How a round over the open parts of a document ended. */
type Round =
  /** Nothing is left to do, or nothing more is tried, for the reason of `code`. */
  | { readonly kind: 'over'; readonly attempt?: number; readonly code?: FailureCode }
  | (Passing & { readonly attempt?: number })
  | { readonly kind: 'again' };

/** The shortest wait: the breaker uses the database's clock, and a round that is slightly early would only wait again. */
const shortestWaitMs = 500;

/**
 * Makes articles of a document: reads it, asks the tenant's model about each part, and makes the articles of each answer. What a
 * round leaves open for a reason that may pass is tried in the next. Fails with the code of a document of which nothing came.
 */
export async function IngestContent(job: JobRef, continued?: RetryState): Promise<ExtractionResult> {
  const changes = watchChanges();
  const rounds = countRounds(continued);
  for (;;) {
    changes.reset();
    const round = await oneRound(job, rounds, changes);
    const waitMs = round.kind === 'passing' ? rounds.failed(round) : undefined;

    if (round.kind === 'passing' && waitMs !== undefined) {
      await wait(job, round.code, Math.max(waitMs, shortestWaitMs), changes);
    } else if (round.kind !== 'again') {
      const { kind: _, ...end } = round;
      const result = await finish(job, end);
      // A job that was asked for again meanwhile goes on.
      if (result !== 'changed' && !changes.any) return conclude(result);
    }
    // A cancelled job ends in the next round. Another key is tried at once, whatever the one before has cost.
    if (changes.any) rounds.reset();
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof IngestContent>(job, rounds.state);
  }
}

/** Reads the document, unless it is read, and works off its open parts. */
async function oneRound(job: JobRef, rounds: Rounds, changes: Changes): Promise<Round> {
  try {
    const prepared = await untilFree(changes, () => prepareDocument(job));
    switch (prepared.kind) {
      case 'passing':
        return prepared;
      case 'interrupted':
        return { kind: 'again' };
      case 'ended':
        // Whatever is under way by the time that it is ended is another try than this one.
        return { kind: 'over', attempt: 0 };
      case 'prepared': {
        const { attempt, open } = prepared;
        const worked = await extractParts(job, open, changes);
        if (worked.settled) rounds.reset();
        return worked.kind === 'over' || worked.kind === 'passing' ? { ...worked, attempt } : worked;
      }
      default:
        return prepared satisfies never;
    }
  } catch (error) {
    const failed = passingOrFailed(failureCodeOf(error));
    return failed.kind === 'passing' ? failed : { kind: 'over', code: failed.code };
  }
}

/** Waits on a timer, which operators see by the code, and the job shows. A new key, a cancellation or a retry ends the wait. */
async function wait(job: JobRef, code: FailureCode, waitMs: number, changes: Changes): Promise<void> {
  await showJobWait({ ...job, code, inMs: waitMs });
  await condition(() => changes.any, waitMs, { summary: code });
}

/** Ends the job; `changed` when it was asked for again meanwhile. */
async function finish(
  job: JobRef,
  { attempt, code: why }: { readonly attempt?: number; readonly code?: FailureCode },
): Promise<ExtractionResult | 'changed'> {
  const finished = await finishJob({
    ...job,
    ...(attempt === undefined ? {} : { attempt }),
    ...(why === undefined ? {} : { code: why }),
  });
  switch (finished.kind) {
    case 'changed':
      return 'changed';
    case 'gone':
      return { outcome: 'gone' };
    case 'finished': {
      const { status, code, parts, articles } = finished;
      return { outcome: status, ...(code === null ? {} : { reason: code }), parts, articles };
    }
    default:
      return finished satisfies never;
  }
}

/** Returns the result where something came of the document, and fails the run where nothing did. */
function conclude(result: ExtractionResult): ExtractionResult {
  const failed = result.outcome === 'failed' ? (result.reason ?? 'internal') : undefined;
  upsertSearchAttributes([{ key: outcomeAttribute, value: failed ?? result.outcome }]);
  if (failed !== undefined) throw failedRun(failed);
  return result;
}
