import { defineSearchAttributeKey } from '@temporalio/common';
import {
  continueAsNew,
  proxyActivities,
  proxyLocalActivities,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { ClassificationStep, ClassifyArticleResult } from '../src/domain/classify-article.ts';
import type { ArticleRef, RetryState } from '../src/domain/embed-article.ts';
import { type FailureCode, failureTraits } from '../src/domain/failures.ts';
import { searchAttributes } from '../src/domain/temporal-names.ts';
import { type Changes, watchChanges } from './changes.ts';
import { failedRun, failureCodeOf } from './failure-code.ts';
import { bookkeeping, classifierCall } from './policies.ts';
import { countRetries, type Retries, waitsFor } from './retries.ts';
import { waitForOthers, waitToRetry } from './waits.ts';

const { classifyArticle } = proxyActivities<Activities>(classifierCall);
const { giveUpClassification, recordUsage } = proxyLocalActivities<Activities>(bookkeeping);

const outcomeAttribute = defineSearchAttributeKey(searchAttributes.outcome, 'KEYWORD');

type Pass = ClassificationStep | { readonly kind: 'failed'; readonly code: FailureCode };

/**
 * Asks the tenant's model for the category of an article whose author chose none. A signal, such as that of a new key, ends a wait.
 * Resolves with the outcome; fails with the code of a failure that is not retried.
 */
export async function ClassifyArticle(
  article: ArticleRef,
  continued?: RetryState,
): Promise<ClassifyArticleResult> {
  const changes = watchChanges();
  const retries = countRetries(continued);
  let busyTimes = 0;
  for (;;) {
    changes.reset();
    const pass = await onePass(article, retries);
    switch (pass.kind) {
      case 'classified':
        await recordUsage(article);
        return finish({ outcome: 'classified' });
      case 'gone':
        return finish({ outcome: 'gone' });
      case 'no_api_key':
        // A key that was set meanwhile is tried at once.
        if (!changes.any) return finish({ outcome: 'skipped', reason: 'no_api_key' });
        break;
      case 'changed':
        break;
      case 'busy':
        await waitForOthers(pass, busyTimes, changes);
        busyTimes += 1;
        break;
      case 'waits':
        if (pass.called !== false) await recordUsage(article);
        if (retries.failed(pass)) await waitToRetry(pass, retries, changes);
        else await fail(article, pass.code, changes);
        break;
      case 'failed':
        await recordUsage(article);
        await fail(article, pass.code, changes);
        break;
      default:
        pass satisfies never;
    }
    // Another key is tried at once, whatever the one before has cost.
    if (changes.any) retries.reset();
    if (workflowInfo().continueAsNewSuggested)
      await continueAsNew<typeof ClassifyArticle>(article, retries.state);
  }
}

/** One call, and what follows from a step that has thrown. */
async function onePass(article: ArticleRef, { state }: Retries): Promise<Pass> {
  try {
    return await classifyArticle({ ...article, tries: state.tries });
  } catch (error) {
    const code = failureCodeOf(error);
    if (failureTraits[code].workflow === 'completes') return { kind: 'changed' };
    return waitsFor(code, state) ?? { kind: 'failed', code };
  }
}

function finish(result: ClassifyArticleResult): ClassifyArticleResult {
  upsertSearchAttributes([{ key: outcomeAttribute, value: result.reason ?? result.outcome }]);
  return result;
}

/** Fails the run. It returns when a key has changed meanwhile, since the failure was that of the old one. */
async function fail(article: ArticleRef, code: FailureCode, changes: Changes): Promise<void> {
  if (changes.any) return;
  await giveUpClassification({ ...article, code });
  if (changes.any) return;
  upsertSearchAttributes([{ key: outcomeAttribute, value: code }]);
  throw failedRun(code);
}
