import { compareWords, type WordsCompared, type WordsTask } from '../domain/sentences/compare-words.ts';
import type { Difference } from '../domain/sentences/differences.ts';
import { cancellation } from '../platform/async/cancellation.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { ThreadPool } from '../platform/threads/thread-pool.ts';
import type { SimilarArticle } from './comparison.ts';
import type { ProposedArticle } from './decision.ts';
import { hashesOf, type ProposedText } from './text.ts';
import { listTextsToCompare } from './texts-read-model.ts';

/** What the words of articles say of a proposal. */
export interface WordsFound {
  /** The article that says all of it. */
  readonly saidBy?: { readonly id: string; readonly title: string };
  /** Where it says something else than the article that says most of it. */
  readonly differs: readonly Difference[];
}

/** A proposal, and what is known of it when its words are compared. */
export interface ComparedProposal {
  readonly article: ProposedArticle;
  readonly proposal: ProposedText;
  /** The articles near it by their vectors, best first. */
  readonly similar: readonly SimilarArticle[];
  /** Milliseconds that are left for the verdict. */
  readonly leftMs: () => number;
}

/** Compares the words of a proposal with those of the articles that may say them. */
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
const nothingFound: WordsFound = { differs: [] };

/** Creates the comparison of words, on a pool of threads for long texts. */
export function createCompareWords({
  threads,
}: {
  readonly threads: Pick<ThreadPool<WordsTask, WordsCompared>, 'run'>;
}): CompareWords {
  const compare = async (
    tenantId: string,
    task: WordsTask,
    timeoutMs: number,
  ): Promise<WordsCompared | undefined> => {
    if (charactersOf(task) <= longCharacters) return compareWords(task);
    const ends = [AbortSignal.timeout(timeoutMs), cancellation()].filter((signal) => signal !== undefined);
    const result = await threads.run(tenantId, task, AbortSignal.any(ends));
    return result.kind === 'done' ? result.result : undefined;
  };

  return async (tx, tenantId, { article, proposal, similar, leftMs }) => {
    const texts = await listTextsToCompare(tx, tenantId, {
      contentHash: article.contentHash,
      status: article.status,
      spaceId: proposal.spaceId,
      chunkHashes: hashesOf(proposal.chunks),
      nearIds: similar.map(({ articleId }) => articleId),
    });
    if (texts.length === 0) return nothingFound;
    const { title, body } = article;
    const task = {
      proposal: { title, body },
      articles: texts.map((text) => ({ title: text.title, body: text.body })),
    };
    const compared = await compare(tenantId, task, Math.floor(leftMs() * partOfTime));
    switch (compared?.kind) {
      case undefined:
        return nothingFound;
      case 'said': {
        const by = texts[compared.by];
        return by === undefined ? nothingFound : { saidBy: { id: by.id, title: by.title }, differs: [] };
      }
      case 'unsaid':
        return { differs: compared.differs };
      default:
        return compared satisfies never;
    }
  };
}

const charactersOf = ({ proposal, articles }: WordsTask): number =>
  [proposal, ...articles].reduce((sum, { title, body }) => sum + title.length + body.length, 0);
