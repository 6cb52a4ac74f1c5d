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
import type { RetryState, Waits } from '../src/domain/embed-article.ts';
import type { ReviewRef } from '../src/domain/extract-content.ts';
import { type ExtractReviewResult, isOfPassage, type ReviewPart } from '../src/domain/extract-review.ts';
import { type FailureCode, failureTraits } from '../src/domain/failures.ts';
import { searchAttributes } from '../src/domain/temporal-names.ts';
import { type Changes, watchChanges } from './changes.ts';
import { failedRun, failureCodeOf } from './failure-code.ts';
import { articleMaking, bookkeeping, chatCall } from './policies.ts';
import { waitsFor } from './retries.ts';
import { countRounds, type Rounds } from './rounds.ts';
import { waitForOthers } from './waits.ts';

const { prepareReview, finishReview } = proxyLocalActivities<Activities>(bookkeeping);
const { extractReviewPassage } = proxyActivities<Activities>(chatCall);
const { draftReviewArticles } = proxyActivities<Activities>(articleMaking);

const outcomeAttribute = defineSearchAttributeKey(searchAttributes.outcome, 'KEYWORD');

type Pass =
  | { readonly kind: 'done'; readonly result: ExtractReviewResult }
  /** Every passage was tried; `code` is that of the last one that could not be used. */
  | { readonly kind: 'tried'; readonly code?: FailureCode }
  | { readonly kind: 'failed'; readonly code: FailureCode }
  | Waits
  | { readonly kind: 'again' };

/** What became of a passage, or of a half of one. */
type PartEnd =
  | { readonly kind: 'drafted' }
  | { readonly kind: 'unusable'; readonly code: FailureCode }
  | Waits
  | { readonly kind: 'again' };

/** What a run knows. */
interface Run {
  readonly review: ReviewRef;
  readonly rounds: Rounds;
  readonly changes: Changes;
}

/**
 * Drafts the knowledge of a review, passage by passage: buys the answer of the model, which is stored before it is used, and makes
 * its drafts. A passage that cannot be used costs none of the others. Resolves with the outcome; fails with the code where nothing
 * was drafted, or where a person has to act.
 */
export async function ExtractReview(review: ReviewRef, continued?: RetryState): Promise<ExtractReviewResult> {
  const changes = watchChanges();
  const rounds = countRounds(continued);
  for (;;) {
    changes.reset();
    const pass = await onePass({ review, rounds, changes });

    if (pass.kind === 'done') return finish(pass.result);
    const waitMs = pass.kind === 'waits' ? waitAfter(pass, rounds) : undefined;
    if (waitMs !== undefined && pass.kind === 'waits') await wait(pass.code, waitMs, changes);
    else if (pass.kind !== 'again' && !changes.any) {
      const result = await finishReview(pass.code === undefined ? review : { ...review, code: pass.code });
      // A signal that has come meanwhile was for the state before it.
      if (!changes.any) return end(result);
    }

    // Another key, or a person who asks again: that is tried at once.
    if (changes.any) rounds.reset();
    if (workflowInfo().continueAsNewSuggested)
      await continueAsNew<typeof ExtractReview>(review, rounds.state);
  }
}

/** Counts a failure that may pass; returns the wait, undefined when none is left. An error of ours came before the call, as a rule. */
function waitAfter({ code, called, retryInMs }: Waits, rounds: Rounds): number | undefined {
  const made = code === 'internal' ? false : called;
  return rounds.failed({ code, retryAfterMs: retryInMs, ...(made === undefined ? {} : { called: made }) });
}

async function onePass(run: Run): Promise<Pass> {
  const { review, rounds, changes } = run;
  try {
    const prepared = await prepareReview({ ...review, tries: rounds.state.tries });
    switch (prepared.kind) {
      case 'waits':
        return prepared;
      case 'gone':
        return { kind: 'done', result: { outcome: 'gone' } };
      case 'ended':
        return { kind: 'done', result: prepared.result };
      case 'no_api_key':
        if (changes.any) return { kind: 'again' };
        return { kind: 'done', result: { outcome: 'skipped', reason: 'no_api_key' } };
      case 'ready':
        return await draftPassages(prepared.passages, run);
    }
  } catch (error) {
    const code = failureCodeOf(error);
    // A key that was removed meanwhile is no failure: the next pass finds no key and completes.
    if (failureTraits[code].workflow === 'completes') return { kind: 'again' };
    return waitsFor(code, { tries: rounds.state.refusals ?? 0 }) ?? { kind: 'failed', code };
  }
}

/** One passage after the other: each may use up drafts, and the next one is asked for what is left. */
async function draftPassages(passages: readonly number[], run: Run): Promise<Pass> {
  let unusable: FailureCode | undefined;
  for (const part of passages) {
    const ended = await draftPassage({ ...run.review, part, half: 0 }, run);
    if (ended.kind === 'waits' || ended.kind === 'again') return ended;
    if (ended.kind === 'unusable') unusable = ended.code;
    else run.rounds.reset();
  }
  return { kind: 'tried', ...(unusable === undefined ? {} : { code: unusable }) };
}

/** A passage whose answer was cut off is asked for once more, in halves. */
async function draftPassage(part: ReviewPart, run: Run): Promise<PartEnd> {
  const whole = await draftPart(part, true, run);
  if (whole.kind !== 'unusable' || whole.code !== 'answer_cut') return whole;
  const first = await draftPart({ ...part, half: 1 }, false, run);
  if (first.kind === 'waits' || first.kind === 'again') return first;
  const second = await draftPart({ ...part, half: 2 }, first.kind === 'drafted', run);
  return second.kind === 'drafted' ? first : second;
}

/** Buys the answer about a part and makes its drafts. `isLast`: with them the passage is done. */
async function draftPart(part: ReviewPart, isLast: boolean, run: Run): Promise<PartEnd> {
  const { changes, rounds } = run;
  try {
    for (let busyTimes = 0; !changes.any; busyTimes += 1) {
      const { tries } = rounds.state;
      const extracted = await extractReviewPassage({ ...part, tries });
      switch (extracted.kind) {
        case 'waits':
        case 'unusable':
          return extracted;
        case 'answered':
          return await draftReviewArticles({ ...part, isLast, tries });
        case 'busy':
        case 'claimed':
          await waitForOthers(extracted, busyTimes, changes);
          break;
      }
    }
    return { kind: 'again' };
  } catch (error) {
    const code = failureCodeOf(error);
    if (isOfPassage(code)) return { kind: 'unusable', code };
    throw error;
  }
}

/** Waits on a timer, which operators see by the code, at least half a second. A new key or a retry by hand ends the wait. */
async function wait(code: FailureCode, waitMs: number, changes: Changes): Promise<void> {
  await condition(() => changes.any, Math.max(waitMs, 500), { summary: code });
}

function finish(result: ExtractReviewResult): ExtractReviewResult {
  const value = result.outcome === 'skipped' ? (result.reason ?? result.outcome) : result.outcome;
  upsertSearchAttributes([{ key: outcomeAttribute, value }]);
  return result;
}

/** Ends a run that has written on its review how it went: a failed or blocked one fails, with the code as its type. */
function end(result: ExtractReviewResult): ExtractReviewResult {
  const { outcome, reason } = result;
  if ((outcome !== 'failed' && outcome !== 'blocked') || reason === undefined) return finish(result);
  upsertSearchAttributes([{ key: outcomeAttribute, value: reason }]);
  throw failedRun(reason);
}
