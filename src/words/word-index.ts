import { LRUCache } from 'lru-cache';
import type { AnalyzableText, AnalyzedText } from '../domain/words/analyze-text.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { Analyzer } from './analysis/analyzer.ts';
import { deleteWords, insertWords, replaceWords, updateStatus, type WordsSubject } from './store.ts';
import { findServing, lookForMissing } from './versions-store.ts';

/** The words of an article's text, by the version that serves its tenant and by the one that will. */
export interface ArticleWords {
  /** That of the author, or the detected one; null where none could be told. */
  readonly language: string | null;
  readonly versions: readonly AnalyzedText[];
  /** False where a later release than this process has replaced its version: the worker of that one writes the words. */
  readonly isServed: boolean;
}

/** For how long a process may take the version of before for the serving one. */
export const servingKnownMs = 60_000;
const servingCache = { max: 10_000, ttl: servingKnownMs };

/** Writes the words by which articles are found. */
export interface WordIndex {
  /**
   * Finds the words of a text. Long texts take a while, so that it is done before a connection is taken. Throws
   * `ThreadsUnavailable` when it cannot be done now.
   */
  analyze(tenantId: string, text: AnalyzableText): Promise<ArticleWords>;
  /** The same for a text that is paid for; undefined when it cannot be done now. Never fails. */
  analyzeIfFree(tenantId: string, text: AnalyzableText): Promise<ArticleWords | undefined>;
  /** Writes those of a new article, in its transaction and after its statement: by one statement, which needs no answer. */
  insert(tx: Transaction, tenantId: string, article: WordsSubject, words: ArticleWords): Promise<void>;
  /**
   * Writes those of an article that may have some. Words that are undefined are left to the worker, which finds them within some
   * seconds.
   */
  replace(
    tx: Transaction,
    tenantId: string,
    article: WordsSubject,
    words: ArticleWords | undefined,
  ): Promise<void>;
  /** Repeats a new status beside the words: only those of published articles are found. */
  restate(
    tx: Transaction,
    tenantId: string,
    article: { readonly id: string; readonly status: string },
  ): Promise<void>;
}

/**
 * Creates the index of words. `analyzers` are those of the versions that this release knows, the current one last. Every write has
 * the words of the current version, and those of the serving one until the worker has replaced it.
 */
export function createWordIndex({
  database,
  analyzers: { current, earlier },
}: {
  readonly database: Pick<Database, 'readTenant'>;
  readonly analyzers: Analyzers;
}): WordIndex {
  const known = new LRUCache<string, number>(servingCache);

  /** The version that serves a tenant. It may have been replaced a minute ago, which the worker allows for. */
  const servingOf = async (tenantId: string): Promise<number> => {
    const cached = known.get(tenantId);
    if (cached !== undefined) return cached;
    const serving = await database.readTenant(tenantId, (tx) => findServing(tx, tenantId));
    known.set(tenantId, serving);
    return serving;
  };

  const analyze: WordIndex['analyze'] = async (tenantId, text) => {
    const serving = await servingOf(tenantId);
    const versions: AnalyzedText[] = [];
    for (const analyzer of [current, ...earlier.filter(({ version }) => version === serving)])
      versions.push(await analyzer.analyze(tenantId, text));
    const isServed = versions.some(({ version }) => version === serving);
    return { language: versions[0]?.language ?? null, versions, isServed };
  };

  return {
    analyze,

    // Whatever failed, the worker finds the words later: the text is not to be bought again.
    analyzeIfFree: (tenantId, text) => analyze(tenantId, text).catch(() => undefined),

    async insert(tx, tenantId, article, { versions, isServed }) {
      await Promise.all([
        insertWords(tx, tenantId, article, versions),
        isServed ? undefined : lookForMissing(tx, tenantId),
      ]);
    },

    async replace(tx, tenantId, article, words) {
      await Promise.all([
        words === undefined
          ? deleteWords(tx, tenantId, article.id)
          : replaceWords(tx, tenantId, article, words.versions),
        words?.isServed ? undefined : lookForMissing(tx, tenantId),
      ]);
    },

    restate: (tx, tenantId, { id, status }) => updateStatus(tx, tenantId, id, status),
  };
}

/** The analyzers of the versions that a release knows. It forgets a version when no tenant is served by it any more. */
export interface Analyzers {
  readonly current: Analyzer;
  readonly earlier: readonly Analyzer[];
}
