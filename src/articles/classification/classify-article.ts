import { serviceActor } from '../../domain/actor.ts';
import type { ClassificationStep } from '../../domain/classify-article.ts';
import type { ArticleRef } from '../../domain/embed-article.ts';
import { type Failure, type FailureCode, failureTraits } from '../../domain/failures.ts';
import { retryWaitMs } from '../../domain/retry-waits.ts';
import type { Database, Transaction } from '../../platform/postgres/database.ts';
import type { Share } from '../../platform/shares/share.ts';
import type { GuardedAnthropic } from '../../providers/anthropic/guarded-anthropic.ts';
import type { BlockedOperations } from '../../usage/blocked-operations.ts';
import type { ArticleWords, WordIndex } from '../../words/word-index.ts';
import { type Article, type Category, unclassified } from '../article.ts';
import type { WriteRecords } from '../record-write.ts';
import { findArticle, lockArticle, updateArticle } from '../store.ts';
import {
  deleteClassification,
  findOpen,
  giveUp,
  markClassified,
  type OpenClassification,
  showReason,
} from './classification-store.ts';
import { idleMs } from './classifications.ts';
import {
  type ClassificationAnswer,
  classificationAnswer,
  classificationPrompt,
  classificationSystem,
  confidenceOf,
  maxAnswerTokens,
} from './question.ts';

type Failed = { readonly kind: 'failed' } & Failure;

/** The words of an article in its new category, and the revision that they were found for. */
interface ClassifiedWords {
  readonly revision: number;
  readonly words: ArticleWords;
}

/** The steps of the ClassifyArticle workflow. Each may be repeated: an answer that is stored is not bought again. */
export interface ClassifyArticleSteps {
  /**
   * Asks the tenant's model for the category, by one guarded call, and stores the answer with the end of the call. `tries` counts
   * the failures in a row before this one.
   */
  classify(article: ArticleRef, tries?: number): Promise<ClassificationStep | Failed>;
  /** Shows on the article that its workflow has given up, with the code. */
  giveUpClassification(article: ArticleRef, code: FailureCode): Promise<void>;
}

export interface ClassifyArticleDeps {
  readonly database: Database;
  readonly anthropic: Pick<GuardedAnthropic, 'ask'>;
  readonly blocked: BlockedOperations;
  readonly records: Pick<WriteRecords, 'recordWrite'>;
  readonly wordIndex: Pick<WordIndex, 'analyzeIfFree' | 'replace'>;
  /** Provider calls that this process makes at once. */
  readonly slots: Pick<Share, 'acquire'>;
}

/** An answer below this is a guess: the article keeps its category, and its reader sees how sure the model was. */
const leastConfidence = 0.5;

/** When a call that found no slot is worth another try, for the first time. */
const busyRetryMs = 1_000;

/** Creates the steps. */
export function createClassifyArticleSteps(deps: ClassifyArticleDeps): ClassifyArticleSteps {
  const { database, anthropic, blocked, records, wordIndex, slots } = deps;

  /** Finds the text to classify. The row of an archived article goes, because nothing changes such an article. */
  const find = ({ tenantId, articleId }: ArticleRef) =>
    database.withTenant(tenantId, async (tx) => {
      const open = await findOpen(tx, tenantId, articleId);
      const article = open && (await findArticle(tx, tenantId, articleId));
      if (open === undefined || article === undefined) return undefined;
      if (article.status !== 'archived') return { open, article };
      await deleteClassification(tx, tenantId, articleId);
      return undefined;
    });

  /** Finds the words of an article in its new category, which is one of them. */
  const findWords = async (
    tenantId: string,
    article: Article,
    category: Category,
  ): Promise<ClassifiedWords | undefined> => {
    if (category === article.category) return undefined;
    const text = { ...article, category, language: article.chosenLanguage };
    const words = await wordIndex.analyzeIfFree(tenantId, text);
    return words && { revision: article.revision, words };
  };

  /** Stores the answer. The article is locked first, as by every other write, so that a person's choice comes before or after. */
  const store = async (
    tx: Transaction,
    { tenantId, articleId }: ArticleRef,
    answer: ClassificationAnswer,
    { model, words }: { readonly model: string; readonly words: ClassifiedWords | undefined },
  ): Promise<ClassificationStep> => {
    const current = await lockArticle(tx, tenantId, articleId);
    if (current === undefined || current.status === 'archived') return { kind: 'gone' };
    const confidence = confidenceOf(answer);
    const asked = await markClassified(tx, tenantId, articleId, confidence);
    if (asked === undefined) return { kind: 'gone' };
    const category = categoryOf(answer);
    const changes = category !== current.category;
    const article = changes ? await updateArticle(tx, tenantId, articleId, { category }) : current;
    // Those of an edit that was made meanwhile are not known.
    const known = words?.revision === current.revision ? words.words : undefined;
    if (changes) await wordIndex.replace(tx, tenantId, article, known);
    await records.recordWrite(tx, serviceActor(tenantId), article, {
      action: 'article.classified',
      details: { category, answered: answer.category, confidence, model, on_behalf_of: asked.apiKeyId },
      changesWhatIsEmbedded: false,
    });
    return { kind: 'classified' };
  };

  const afterFailure = async (
    { tenantId, articleId }: ArticleRef,
    { round }: OpenClassification,
    failed: Failed,
    tries: number,
  ): Promise<ClassificationStep | Failed> => {
    const { code, called } = failed;
    const traits = failureTraits[code];
    const retryInMs = retryWaitMs(failed, tries);
    const isOver = retryInMs === undefined && traits.workflow !== 'retries';
    const isCurrent = await database.withTenant(tenantId, (tx) =>
      showReason(tx, tenantId, articleId, {
        round,
        reason: code,
        status: isOver ? traits.article : 'pending',
        due: isOver ? (failed.renewsAt ?? null) : (retryInMs ?? 0) + idleMs,
      }),
    );
    if (!isCurrent) return { kind: 'changed' };
    if (retryInMs !== undefined)
      return { kind: 'waits', code, retryInMs, ...(called === false ? { called } : {}) };
    if (code !== 'no_api_key') return failed;
    await blocked.note(tenantId, 'classification');
    return { kind: 'no_api_key' };
  };

  const ask = async (article: ArticleRef, tries: number): Promise<ClassificationStep | Failed> => {
    const found = await find(article);
    if (found === undefined) return { kind: 'gone' };
    const { open } = found;
    let words: ClassifiedWords | undefined;
    const result = await anthropic.ask({
      tenantId: article.tenantId,
      source: 'workflow',
      operation: 'classification',
      subjectId: article.articleId,
      apiKeyId: open.apiKeyId,
      system: classificationSystem,
      prompt: classificationPrompt(found.article),
      answer: classificationAnswer,
      maxOutputTokens: maxAnswerTokens,
      async prepare(answer) {
        words = await findWords(article.tenantId, found.article, categoryOf(answer));
      },
      persist: (tx, { value }, key) => store(tx, article, value, { model: key.model, words }),
    });
    switch (result.kind) {
      case 'ok':
        return result.persisted;
      case 'superseded':
      case 'claimed':
        return { kind: 'changed' };
      case 'failed': {
        const { hint: _, ...failed } = result;
        return afterFailure(article, open, failed, tries);
      }
      default:
        return result satisfies never;
    }
  };

  return {
    async classify(article, tries = 0) {
      const release = await slots.acquire(article.tenantId);
      if (release === 'busy') return { kind: 'busy', retryInMs: busyRetryMs };
      try {
        return await ask(article, tries);
      } finally {
        release();
      }
    },

    giveUpClassification: ({ tenantId, articleId }, code) =>
      database.withTenant(tenantId, (tx) =>
        giveUp(tx, tenantId, articleId, {
          status: failureTraits[code].article === 'blocked' ? 'blocked' : 'failed',
          reason: code,
        }),
      ),
  };
}

const categoryOf = (answer: ClassificationAnswer): Category =>
  confidenceOf(answer) < leastConfidence ? unclassified : answer.category;
