import { defineSearchAttributeKey } from '@temporalio/common';
import {
  continueAsNew,
  proxyActivities,
  proxyLocalActivities,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type {
  ArticleRef,
  EmbedArticleInput,
  EmbedArticleResult,
  RetryState,
  Waits,
} from '../src/domain/embed-article.ts';
import { type FailureCode, failureTraits } from '../src/domain/failures.ts';
import { searchAttributes } from '../src/domain/temporal-names.ts';
import { type Changes, watchChanges } from './changes.ts';
import { failedRun, failureCodeOf } from './failure-code.ts';
import { bookkeeping, providerCall } from './policies.ts';
import { countRetries, type Retries, waitsFor } from './retries.ts';
import { isInterrupted } from './until-free.ts';
import { rememberUnusableAnswers, type UnusableAnswers } from './unusable-answers.ts';
import { waitForOthers, waitToRetry } from './waits.ts';

// Most articles take one step, `embedArticle`. What takes more goes step by step: bookkeeping runs as local activities, which share
// the workflow's task. What calls the provider is a regular activity, so that operators see it under way, and so that no second
// attempt begins beside it while the server is away.
const { resolveEmbeddingKey, checkContentHash, recordUsage, giveUp } =
  proxyLocalActivities<Activities>(bookkeeping);
const { embedArticle, generateEmbedding } = proxyActivities<Activities>(providerCall);

const outcomeAttribute = defineSearchAttributeKey(searchAttributes.outcome, 'KEYWORD');

type Pass =
  | { readonly kind: 'done'; readonly result: EmbedArticleResult }
  | { readonly kind: 'failed'; readonly code: FailureCode }
  | Waits
  /** With what the pass has paid for. */
  | { readonly kind: 'again'; readonly inputTokens?: number };

/**
 * Brings an article's vectors in line with its text, and starts another pass when the text or the key has changed meanwhile.
 * Resolves with the outcome; fails with the code of a failure that is not retried.
 */
export async function EmbedArticle(
  input: EmbedArticleInput,
  continued?: RetryState,
): Promise<EmbedArticleResult> {
  const { atOnce = false, ...article } = input;
  const changes = watchChanges();
  const retries = countRetries(continued);
  const unusable = rememberUnusableAnswers();
  let isFirst = true;
  let paidTokens = 0;
  for (;;) {
    changes.reset();
    const run = { retries, changes, unusable };
    const pass = atOnce && isFirst ? await passAtOnce(article, run) : await onePass(article, run);
    isFirst = false;

    if (pass.kind === 'waits' && retries.failed(pass)) await waitToRetry(pass, retries, changes);
    else if (pass.kind === 'waits' || pass.kind === 'failed') await fail(article, pass.code, changes);
    else retries.reset();
    if (pass.kind === 'again') paidTokens += pass.inputTokens ?? 0;

    if (changes.any) {
      // Another key or text is tried at once, whatever the one before has cost.
      retries.reset();
      await changes.debounce();
    } else if (pass.kind === 'done') return finish(withTokens(pass.result, paidTokens));
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof EmbedArticle>(input, retries.state);
  }
}

/** What a run knows. */
interface Run {
  readonly retries: Retries;
  readonly changes: Changes;
  readonly unusable: UnusableAnswers;
}

/** The four steps in one, once a slot is free and no other call is buying what is missing. */
async function passAtOnce(article: ArticleRef, { retries, changes, unusable }: Run): Promise<Pass> {
  try {
    for (let busyTimes = 0; ; busyTimes += 1) {
      const answer = await embedArticle({ ...article, tries: retries.state.tries });
      if (answer.kind !== 'busy' && answer.kind !== 'claimed') return passOfAnswer(answer, unusable);
      await waitForOthers(answer, busyTimes, changes);
      if (isInterrupted(changes)) return { kind: 'again' };
    }
  } catch (error) {
    return passOf(error, retries);
  }
}

/** What follows from the one step. */
function passOfAnswer(
  answer: Exclude<Awaited<ReturnType<Activities['embedArticle']>>, { readonly kind: 'busy' | 'claimed' }>,
  unusable: UnusableAnswers,
): Pass {
  switch (answer.kind) {
    case 'no_api_key':
    case 'not_published':
      return done({ outcome: 'skipped', reason: answer.kind });
    case 'gone':
      return done({ outcome: 'gone' });
    case 'unchanged':
      return done({ outcome: 'unchanged', model: answer.model, chunks: answer.chunks });
    case 'embedded': {
      const { model, chunks, inputTokens } = answer;
      return done({ outcome: 'embedded', model, chunks, input_tokens: inputTokens });
    }
    case 'more':
      return { kind: 'again', inputTokens: answer.inputTokens };
    case 'again':
    case 'waits':
      return answer;
    case 'unusable':
      unusable.note(answer);
      return { kind: 'failed', code: 'malformed_response' };
  }
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
    return passOf(error, retries);
  }
}

/** What follows from a step that has thrown. */
function passOf(error: unknown, { state }: Retries): Pass {
  const code = failureCodeOf(error);
  // A key that was removed meanwhile is no failure: the next pass finds no key and completes.
  if (failureTraits[code].workflow === 'completes') return { kind: 'again' };
  return waitsFor(code, state) ?? { kind: 'failed', code };
}

/** Buys the missing vectors, each batch by one guarded call with its ledger row, until the article is complete or changed. */
async function buyMissing(
  input: Parameters<Activities['generateEmbedding']>[0],
  { retries, changes, unusable }: Run,
): Promise<Pass> {
  if (unusable.had(input)) return { kind: 'failed', code: 'malformed_response' };
  let inputTokens = 0;
  let busyTimes = 0;
  while (!isInterrupted(changes)) {
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

/** The result, with the tokens of passes before the last. */
function withTokens(result: EmbedArticleResult, tokens: number): EmbedArticleResult {
  return tokens === 0 ? result : { ...result, input_tokens: (result.input_tokens ?? 0) + tokens };
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
