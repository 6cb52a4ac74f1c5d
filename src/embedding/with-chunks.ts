import type { Chunk } from '../domain/chunks.ts';
import type { ArticleRef } from '../domain/embed-article.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import { findChunks, storeCuts } from '../vectors/cutting/article-cuts.ts';
import type { Cutter } from '../vectors/cutting/cutter.ts';
import { type ArticleText, findArticleText } from './article-read-model.ts';

/** Work in a transaction on an article's text and its chunks. The chunks are empty unless it is published. */
type WithChunks<T> = (tx: Transaction, text: ArticleText | undefined, chunks: readonly Chunk[]) => Promise<T>;

/**
 * Runs work in a transaction that has the article's text and its chunks. A long text that has not been cut yet, and is not worth
 * cutting, comes without chunks.
 */
export type RunWithChunks = <T>(
  article: ArticleRef,
  work: WithChunks<T>,
  isWorthCutting?: (tx: Transaction) => Promise<boolean>,
) => Promise<T>;

/** An article may be edited while its text is being cut; a text that changes so often is cut later. */
const maxCuts = 3;

/**
 * Creates the reading of an article with its chunks. A long text that has not been cut yet is cut between two transactions, so
 * that no connection waits for a thread.
 */
export function createWithChunks(deps: {
  readonly database: Pick<Database, 'withTenant'>;
  readonly cutter: Pick<Cutter, 'cut'>;
}): RunWithChunks {
  return async (article, work, isWorthCutting) => {
    const { tenantId, articleId } = article;
    for (let cut = 0; cut <= maxCuts; cut += 1) {
      const read = await deps.database.withTenant(tenantId, async (tx) => {
        const text = await findArticleText(tx, tenantId, articleId, 'none');
        if (text?.status !== 'published') return { kind: 'done', result: await work(tx, text, []) } as const;
        const contentHash = text.content_hash;
        const found = await findChunks(tx, tenantId, { articleId, contentHash, source: text });
        if (found.kind === 'chunks')
          return { kind: 'done', result: await work(tx, text, found.chunks) } as const;
        if (isWorthCutting !== undefined && !(await isWorthCutting(tx)))
          return { kind: 'done', result: await work(tx, text, []) } as const;
        return { ...found, contentHash };
      });
      if (read.kind === 'done') return read.result;
      const { text, contentHash } = read;
      const cuts = await deps.cutter.cut(tenantId, text);
      await deps.database.withTenant(tenantId, (tx) =>
        storeCuts(tx, tenantId, { articleId, contentHash }, { text, cuts }),
      );
    }
    throw new Error('an article was edited each time that its text was cut');
  };
}
