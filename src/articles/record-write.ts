import type { AuditAction } from '../audit/actions.ts';
import type { Audit } from '../audit/service.ts';
import type { Actor } from '../domain/actor.ts';
import type { ArticleEmbeddings, EmbeddingState } from '../embedding/article-embeddings.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { Article, ArticleWithEmbedding } from './article.ts';

/** What is recorded of a write. */
export interface Write {
  /** The action in the audit row. */
  readonly action: AuditAction;
  readonly details: Readonly<Record<string, unknown>>;
  /** Whether the write changed the text, or published or unpublished the article. */
  readonly changesWhatIsEmbedded: boolean;
}

/** What every write of an article does besides its row: embedding status, audit row, outbox row. */
export interface WriteRecords {
  /**
   * Does the rest of a write, after the statement for the row of the article. All statements are sent together, in this
   * order, in one round trip. Returns the embedding state after the write.
   */
  recordWrite(
    tx: Transaction,
    actor: Actor,
    article: Pick<Article, 'id' | 'status' | 'revision'>,
    write: Write,
  ): Promise<ReadonlyMap<string, EmbeddingState>>;
  /** Reads the embedding state of the article and adds it. */
  withState(tx: Transaction, tenantId: string, article: Article): Promise<ArticleWithEmbedding>;
}

/** Creates the parts that all writes share. */
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
          edited: write.action === 'article.updated',
          apiKeyId: actor.keyId,
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

/** Adds the embedding state to the article. Throws when there is none, because every article has one. */
export function attachState(
  article: Article,
  states: ReadonlyMap<string, EmbeddingState>,
): ArticleWithEmbedding {
  const embedding = states.get(article.id);
  if (embedding === undefined) throw new Error(`article ${article.id} has no embedding state`);
  return { ...article, embedding };
}
