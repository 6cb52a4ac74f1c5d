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
import type { ArticleRef, EmbedArticleResult, Generated } from '../src/domain/embed-article.ts';
import { type FailureCode, failureTraits } from '../src/domain/failures.ts';
import { searchAttributes } from '../src/domain/temporal-names.ts';
import { type Changes, watchChanges } from './changes.ts';
import { failedRun, failureCodeOf } from './failure-code.ts';
import { bookkeeping, busyWaits, providerCall, retryForMs } from './policies.ts';

// Bookkeeping runs as local activities, which share the workflow's task: an embedding needs the task queue only once. The
// provider call is a regular activity, so that operators see its attempts and its next retry.
const { resolveEmbeddingKey, checkContentHash, recordUsage, giveUp } =
  proxyLocalActivities<Activities>(bookkeeping);
const { generateEmbedding } = proxyActivities<Activities>(providerCall);

const outcomeAttribute = defineSearchAttributeKey(searchAttributes.outcome, 'KEYWORD');

type Pass =
  | { readonly kind: 'done'; readonly result: EmbedArticleResult }
  | { readonly kind: 'failed'; readonly code: FailureCode }
  | Extract<Generated, { readonly kind: 'waits' }>
  | { readonly kind: 'again' };

/**
 * Brings an article's vectors in line with its text, and starts another pass when the text or the key has changed meanwhile.
 * Resolves with the outcome; fails with the code of a failure that is not retried.
 */
export async function EmbedArticle(article: ArticleRef): Promise<EmbedArticleResult> {
  const changes = watchChanges();
  let waitingSince: number | undefined;
  for (;;) {
    changes.reset();
    const pass = await onePass(article, changes);

    if (pass.kind === 'waits') waitingSince ??= Date.now();
    else waitingSince = undefined;
    const timedOut = waitingSince !== undefined && Date.now() - waitingSince > retryForMs;

    if (pass.kind === 'failed' || (pass.kind === 'waits' && timedOut))
      await fail(article, pass.code, changes);
    else if (pass.kind === 'waits') await wait(pass, changes);

    if (changes.any) await changes.debounce();
    else if (pass.kind === 'done') return finish(pass.result);
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof EmbedArticle>(article);
  }
}

/** One run of the four steps. */
async function onePass(article: ArticleRef, changes: Changes): Promise<Pass> {
  try {
    const resolved = await resolveEmbeddingKey(article);
    if (resolved.kind === 'no_api_key') return done({ outcome: 'skipped', reason: 'no_api_key' });
    const { key } = resolved;

    const check = await checkContentHash({ ...article, key });
    switch (check.kind) {
      case 'gone':
        return done({ outcome: 'gone' });
      case 'not_published':
        return done({ outcome: 'skipped', reason: 'not_published' });
      case 'unchanged':
        return done({ outcome: 'unchanged', model: key.model, chunks: check.chunks });
      case 'missing':
        return await buyMissing({ ...article, key, contentHash: check.contentHash }, changes);
    }
  } catch (error) {
    const code = failureCodeOf(error);
    // A key that was removed meanwhile is no failure: the next pass finds no key and completes.
    return failureTraits[code].workflow === 'completes' ? { kind: 'again' } : { kind: 'failed', code };
  }
}

/** Buys the missing vectors, each batch by one guarded call with its ledger row, until the article is complete or changed. */
async function buyMissing(
  input: Parameters<Activities['generateEmbedding']>[0],
  changes: Changes,
): Promise<Pass> {
  let inputTokens = 0;
  let busyTimes = 0;
  while (!changes.any) {
    const generated = await generateEmbedding(input);
    switch (generated.kind) {
      case 'waits':
        return generated;
      case 'busy':
        await waitForSlot(generated.retryInMs, busyTimes, changes);
        busyTimes += 1;
        break;
      case 'changed':
        await recordUsage(input);
        return { kind: 'again' };
      case 'more':
        await recordUsage(input);
        inputTokens += generated.inputTokens;
        busyTimes = 0;
        break;
      case 'embedded':
        await recordUsage(input);
        inputTokens += generated.inputTokens;
        return done({
          outcome: 'embedded',
          model: input.key.model,
          chunks: generated.chunks,
          input_tokens: inputTokens,
        });
    }
  }
  return { kind: 'again' };
}

/** Waits on a timer, which operators see and which uses no attempt. A new key or an edit ends the wait. */
async function wait(pass: Extract<Pass, { readonly kind: 'waits' }>, changes: Changes): Promise<void> {
  // At least half a second: the breaker uses the database's clock, and a pass that is slightly early would only wait again.
  await condition(() => changes.any, Math.max(pass.retryInMs, 500), { summary: pass.code });
}

/** The tenant's other calls are waited for here, on a timer that holds nothing of the worker; a new key or an edit ends it. */
async function waitForSlot(retryInMs: number, times: number, changes: Changes): Promise<void> {
  const waitMs = Math.min(retryInMs * busyWaits.growth ** times, busyWaits.longestMs);
  await condition(() => changes.any, waitMs, { summary: 'busy' });
}

function done(result: EmbedArticleResult): Pass {
  return { kind: 'done', result };
}

function finish(result: EmbedArticleResult): EmbedArticleResult {
  upsertSearchAttributes([{ key: outcomeAttribute, value: result.outcome }]);
  return result;
}

/** Fails the run. It returns when the article or the key has changed meanwhile, since the failure was that of the old state. */
async function fail(article: ArticleRef, code: FailureCode, changes: Changes): Promise<void> {
  if (changes.any) return;
  // The batches before the failed one are paid for.
  await recordUsage(article);
  await giveUp({ ...article, code });
  if (changes.any) return;
  upsertSearchAttributes([{ key: outcomeAttribute, value: code }]);
  throw failedRun(code);
}
