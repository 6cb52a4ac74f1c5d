import { defineSearchAttributeKey } from '@temporalio/common';
import {
  continueAsNew,
  proxyActivities,
  proxyLocalActivities,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { ArticleRef, EmbedArticleResult, RetryState, Waits } from '../src/domain/embed-article.ts';
import { type FailureCode, failureTraits } from '../src/domain/failures.ts';
import { searchAttributes } from '../src/domain/temporal-names.ts';
import { type Changes, watchChanges } from './changes.ts';
import { failedRun, failureCodeOf } from './failure-code.ts';
import { bookkeeping, providerCall } from './policies.ts';
import { countRetries, type Retries, waitsFor } from './retries.ts';
import { rememberUnusableAnswers, type UnusableAnswers } from './unusable-answers.ts';
import { waitForOthers, waitToRetry } from './waits.ts';

// Bookkeeping runs as local activities, which share the workflow's task: an embedding needs the task queue only once. The
// provider call is a regular activity, so that operators see it under way.
const { resolveEmbeddingKey, checkContentHash, recordUsage, giveUp } =
  proxyLocalActivities<Activities>(bookkeeping);
const { generateEmbedding } = proxyActivities<Activities>(providerCall);

const outcomeAttribute = defineSearchAttributeKey(searchAttributes.outcome, 'KEYWORD');

type Pass =
  | { readonly kind: 'done'; readonly result: EmbedArticleResult }
  | { readonly kind: 'failed'; readonly code: FailureCode }
  | Waits
  | { readonly kind: 'again' };

/**
 * Brings an article's vectors in line with its text, and starts another pass when the text or the key has changed meanwhile.
 * Resolves with the outcome; fails with the code of a failure that is not retried.
 */
export async function EmbedArticle(article: ArticleRef, continued?: RetryState): Promise<EmbedArticleResult> {
  const changes = watchChanges();
  const retries = countRetries(continued);
  const unusable = rememberUnusableAnswers();
  for (;;) {
    changes.reset();
    const pass = await onePass(article, { retries, changes, unusable });

    if (pass.kind === 'waits' && retries.failed(pass)) await waitToRetry(pass, retries, changes);
    else if (pass.kind === 'waits' || pass.kind === 'failed') await fail(article, pass.code, changes);
    else retries.reset();

    if (changes.any) {
      // Another key or text is tried at once, whatever the one before has cost.
      retries.reset();
      await changes.debounce();
    } else if (pass.kind === 'done') return finish(pass.result);
    if (workflowInfo().continueAsNewSuggested)
      await continueAsNew<typeof EmbedArticle>(article, retries.state);
  }
}

/** What a run knows. */
interface Run {
  readonly retries: Retries;
  readonly changes: Changes;
  readonly unusable: UnusableAnswers;
}

/** One run of the four steps. */
async function onePass(article: ArticleRef, run: Run): Promise<Pass> {
  const { retries } = run;
  try {
    const resolved = await resolveEmbeddingKey({ ...article, tries: retries.state.tries });
    if (resolved.kind === 'waits') return resolved;
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
        return await buyMissing({ ...article, key, contentHash: check.contentHash }, run);
    }
  } catch (error) {
    const code = failureCodeOf(error);
    // A key that was removed meanwhile is no failure: the next pass finds no key and completes.
    if (failureTraits[code].workflow === 'completes') return { kind: 'again' };
    return waitsFor(code, retries.state) ?? { kind: 'failed', code };
  }
}

/** Buys the missing vectors, each batch by one guarded call with its ledger row, until the article is complete or changed. */
async function buyMissing(
  input: Parameters<Activities['generateEmbedding']>[0],
  { retries, changes, unusable }: Run,
): Promise<Pass> {
  if (unusable.had(input)) return { kind: 'failed', code: 'malformed_response' };
  let inputTokens = 0;
  let busyTimes = 0;
  while (!changes.any && !workflowInfo().continueAsNewSuggested) {
    const { tries } = retries.state;
    const generated = await unusable.watch(input, () => generateEmbedding({ ...input, tries }));
    switch (generated.kind) {
      case 'waits':
        return generated;
      case 'busy':
      case 'claimed':
        await waitForOthers(generated, busyTimes, changes);
        busyTimes += 1;
        break;
      case 'changed':
        await recordUsage(input);
        return { kind: 'again' };
      case 'more':
        await recordUsage(input);
        inputTokens += generated.inputTokens;
        busyTimes = 0;
        retries.reset();
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
