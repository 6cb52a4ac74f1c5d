import { compareWords, type WordsCompared, type WordsTask } from '../domain/sentences/compare-words.ts';
import type { Difference } from '../domain/sentences/differences.ts';
import { cancellation } from '../platform/async/cancellation.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { ThreadPool } from '../platform/threads/thread-pool.ts';
import type { SimilarArticle } from './comparison.ts';
import type { ProposedArticle } from './decision.ts';
import { tellingWords } from './telling-words.ts';
import { hashesOf, type ProposedText } from './text.ts';
import { listTextsToCompare, type TextToCompare } from './texts-read-model.ts';

/** What the words of articles say of a proposal. */
export type WordsFound =
  | {
      readonly kind: 'compared';
      /** The article that says all of it. */
      readonly saidBy?: { readonly id: string; readonly title: string };
      /** Where it says something else than the article that says most of it. */
      readonly differs: readonly Difference[];
    }
  /** The texts are long: they are to be compared before, while no connection is held. It never rejects. */
  | { readonly kind: 'long'; readonly compare: () => Promise<TextsCompared> };

/** The texts that were compared while no connection was held. What has changed since then has another version. */
export interface TextsCompared {
  readonly versions: ReadonlySet<string>;
  /** The version that says all of the proposal. */
  readonly saidBy: string | undefined;
  /** The version that says most of it, and where it says something else. */
  readonly nearest: string | undefined;
  readonly differs: readonly Difference[];
}

/** A proposal, and what is known of it when its words are compared. */
export interface ComparedProposal {
  readonly article: ProposedArticle;
  readonly proposal: ProposedText;
  /** The articles near it by their vectors, best first. */
  readonly similar: readonly SimilarArticle[];
  /** What was compared before; undefined the first time. */
  readonly before: TextsCompared | undefined;
  /** Milliseconds that are left for the verdict. */
  readonly leftMs: () => number;
}

/**
 * Compares the words of a proposal with those of the articles that may say them, and waits for nothing but the database. Where that
 * takes long, it answers how to do it before; what is long and new the second time is not compared.
 */
export type CompareWords = (
  tx: Transaction,
  tenantId: string,
  compared: ComparedProposal,
) => Promise<WordsFound>;

/** Shorter texts are compared within some milliseconds: handing them to a thread would take longer. */
const longCharacters = 20_000;

/** Without an answer of the thread by this part of the time that is left, the verdict is made without it. */
const partOfTime = 0.5;

/** That nothing was found: an article that could not be compared in time is not taken for one that says the same. */
const nothingCompared = { saidBy: undefined, nearest: undefined, differs: [] };

/** Creates the comparison of words, on a pool of threads for long texts. */
export function createCompareWords({
  threads,
}: {
  readonly threads: Pick<ThreadPool<WordsTask, WordsCompared>, 'run'>;
}): CompareWords {
  const inThread = async (
    tenantId: string,
    task: WordsTask,
    timeoutMs: number,
  ): Promise<WordsCompared | undefined> => {
    const ends = [AbortSignal.timeout(timeoutMs), cancellation()].filter((signal) => signal !== undefined);
    const result = await threads.run(tenantId, task, AbortSignal.any(ends));
    return result.kind === 'done' ? result.result : undefined;
  };

  return async (tx, tenantId, { article, proposal, similar, before, leftMs }) => {
    const texts = await listTextsToCompare(tx, tenantId, {
      contentHash: article.contentHash,
      status: article.status,
      spaceId: proposal.spaceId,
      chunkHashes: hashesOf(proposal.chunks),
      words: tellingWords(article),
      nearIds: similar.map(({ articleId }) => articleId),
      without: [...(before?.versions ?? [])],
    });
    const found = (version: string | undefined) => texts.find((text) => text.version === version);
    const saidBefore = found(before?.saidBy);
    if (saidBefore !== undefined) return saidBy(saidBefore);

    const open = texts.filter(({ body }) => body !== null);
    // The same text is known by its hash. A draft of it is not named where a published article may say all of it.
    const same = (before === undefined ? open.slice(0, 1) : open).find(
      ({ contentHash }) => contentHash === article.contentHash,
    );
    if (same !== undefined) return saidBy(same);
    const differs = found(before?.nearest) === undefined ? [] : (before?.differs ?? []);
    if (open.length === 0) return { kind: 'compared', differs };
    const { title, body } = article;
    const task = {
      proposal: { title, body },
      articles: open.map((text) => ({ title: text.title, body: text.body ?? '' })),
    };
    if (charactersOf(task) > longCharacters) {
      if (before !== undefined) return { kind: 'compared', differs };
      const compare = async () => {
        const compared = await inThread(tenantId, task, Math.floor(leftMs() * partOfTime)).catch(
          () => undefined,
        );
        return { versions: new Set(open.map(({ version }) => version)), ...byVersion(open, compared) };
      };
      return { kind: 'long', compare };
    }
    const compared = compareWords(task);
    if (compared.kind === 'unsaid') {
      return { kind: 'compared', differs: differs.length > 0 ? differs : compared.differs };
    }
    const by = open[compared.by];
    return by === undefined ? { kind: 'compared', differs } : saidBy(by);
  };
}

const saidBy = ({ id, title }: TextToCompare): WordsFound => ({
  kind: 'compared',
  saidBy: { id, title },
  differs: [],
});

function byVersion(
  texts: readonly TextToCompare[],
  compared: WordsCompared | undefined,
): Omit<TextsCompared, 'versions'> {
  switch (compared?.kind) {
    case undefined:
      return nothingCompared;
    case 'said':
      return { ...nothingCompared, saidBy: texts[compared.by]?.version };
    case 'unsaid': {
      const { nearest, differs } = compared;
      return {
        ...nothingCompared,
        nearest: nearest === undefined ? undefined : texts[nearest]?.version,
        differs,
      };
    }
    default:
      return compared satisfies never;
  }
}

const charactersOf = ({ proposal, articles }: WordsTask): number =>
  [proposal, ...articles].reduce((sum, { title, body }) => sum + title.length + body.length, 0);
