import type { AuditAction } from '../audit/actions.ts';
import type { Audit } from '../audit/service.ts';
import type { Actor } from '../domain/actor.ts';
import type { ArticleEmbeddings, EmbeddingState } from '../embedding/article-embeddings.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { Article, ArticleWithEmbedding } from './article.ts';

export interface Write {
  /** Of the audit row. */
  readonly action: AuditAction;
  readonly details: Readonly<Record<string, unknown>>;
  /** Whether the text or its being published became another one. */
  readonly changesWhatIsEmbedded: boolean;
}

/** What every write of an article does beside its row: embedding status, audit row, outbox row. */
export interface WriteRecords {
  /**
   * The rest of a write, after the statement for the article's row: sent together, in this order, for one round trip. Gives
   * the embedding state as the write leaves it.
   */
  recordWrite(
    tx: Transaction,
    actor: Actor,
    article: Pick<Article, 'id' | 'status' | 'revision'>,
    write: Write,
  ): Promise<ReadonlyMap<string, EmbeddingState>>;
  /** The article with its embedding state. */
  withState(tx: Transaction, tenantId: string, article: Article): Promise<ArticleWithEmbedding>;
}

/** The parts that all writes share. */
export function createWriteRecords({
  audit,
  embeddings,
}: {
  readonly audit: Audit;
  readonly embeddings: ArticleEmbeddings;
}): WriteRecords {
  return {
    async recordWrite(tx, actor, article, write) {
      const [, , states] = await Promise.all([
        embeddings.articleWritten(tx, {
          tenantId: actor.tenantId,
          articleId: article.id,
          published: article.status === 'published',
          needsEmbedding: write.changesWhatIsEmbedded && article.status === 'published',
        }),
        audit.append(tx, actor, {
          action: write.action,
          subject: { kind: 'article', id: article.id },
          details: { revision: article.revision, ...write.details },
        }),
        embeddings.statesOf(tx, actor.tenantId, [article.id]),
      ]);
      return states;
    },

    withState: async (tx, tenantId, article) =>
      attachState(article, await embeddings.statesOf(tx, tenantId, [article.id])),
  };
}

/** The article with its state, which every article has. */
export function attachState(
  article: Article,
  states: ReadonlyMap<string, EmbeddingState>,
): ArticleWithEmbedding {
  const embedding = states.get(article.id);
  if (embedding === undefined) throw new Error(`article ${article.id} has no embedding state`);
  return { ...article, embedding };
}
