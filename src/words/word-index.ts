import { isThrown } from '../domain/thrown.ts';
import type { AnalyzableText, AnalyzedText } from '../domain/words/analyze-text.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import { ThreadsUnavailable } from '../platform/threads/threads-unavailable.ts';
import type { Analyzer } from './analysis/analyzer.ts';
import { deleteWords, replaceWords, updateStatus, type WordsSubject } from './store.ts';
import { findServing, lookForMissing } from './versions-store.ts';

/** The words of an article's text, by the version that serves its tenant and by the one that will. */
export interface ArticleWords {
  /** That of the author, or the detected one; null where none could be told. */
  readonly language: string | null;
  readonly versions: readonly AnalyzedText[];
}

/** Writes the words by which articles are found. */
export interface WordIndex {
  /**
   * Finds the words of a text. Long texts take a while, so that it is done before a connection is taken. Throws
   * `ThreadsUnavailable` when it cannot be done now.
   */
  analyze(tenantId: string, text: AnalyzableText): Promise<ArticleWords>;
  /** The same for a text that is paid for; undefined when it cannot be done now. */
  analyzeIfFree(tenantId: string, text: AnalyzableText): Promise<ArticleWords | undefined>;
  /**
   * Writes them, in the transaction that writes the article and after its statement: one statement, which needs no answer. Words
   * that are undefined are left to the worker, which finds them within some seconds.
   */
  write(
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
  readonly database: Pick<Database, 'withTenant'>;
  readonly analyzers: Analyzers;
}): WordIndex {
  const analyzersOf = async (tenantId: string): Promise<readonly Analyzer[]> => {
    if (earlier.length === 0) return [current];
    const serving = await database.withTenant(tenantId, (tx) => findServing(tx, tenantId));
    return [current, ...earlier.filter(({ version }) => version === serving)];
  };

  const analyze: WordIndex['analyze'] = async (tenantId, text) => {
    const versions: AnalyzedText[] = [];
    for (const analyzer of await analyzersOf(tenantId)) versions.push(await analyzer.analyze(tenantId, text));
    return { language: versions[0]?.language ?? null, versions };
  };

  return {
    analyze,

    analyzeIfFree: (tenantId, text) =>
      analyze(tenantId, text).catch((error: unknown) => {
        if (isThrown(error, ThreadsUnavailable)) return undefined;
        throw error;
      }),

    async write(tx, tenantId, article, words) {
      if (words !== undefined) return replaceWords(tx, tenantId, article, words.versions);
      await Promise.all([deleteWords(tx, tenantId, article.id), lookForMissing(tx, tenantId)]);
    },
    restate: (tx, tenantId, { id, status }) => updateStatus(tx, tenantId, id, status),
  };
}

/** The analyzers of the versions that a release knows. It forgets a version when no tenant is served by it any more. */
export interface Analyzers {
  readonly current: Analyzer;
  readonly earlier: readonly Analyzer[];
}
