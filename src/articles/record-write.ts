import type { AuditAction } from '../audit/actions.ts';
import type { Audit } from '../audit/service.ts';
import type { Actor } from '../domain/actor.ts';
import type { ArticleEmbeddings, EmbeddingState } from '../embedding/article-embeddings.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { Article, ArticleWithEmbedding } from './article.ts';
import type { ClassificationState } from './classification/classification.ts';
import type { Classifications } from './classification/classifications.ts';

/** What is recorded of a write. */
export interface Write {
  /** The action in the audit row. */
  readonly action: AuditAction;
  readonly details: Readonly<Record<string, unknown>>;
  /** Whether the write changed the text, or published or unpublished the article. */
  readonly changesWhatIsEmbedded: boolean;
}

/** The states of articles that are kept beside their rows, by article id. */
export interface ArticleStates {
  readonly embeddings: ReadonlyMap<string, EmbeddingState>;
  readonly classifications: ReadonlyMap<string, ClassificationState>;
}

/** What every write of an article does besides its row: embedding status, audit row, outbox row. */
export interface WriteRecords {
  /**
   * Does the rest of a write, after the statement for the row of the article. All statements are sent together, in this
   * order, in one round trip. Returns the states after the write.
   */
  recordWrite(
    tx: Transaction,
    actor: Actor,
    article: Pick<Article, 'id' | 'status' | 'revision'>,
    write: Write,
  ): Promise<ArticleStates>;
  /** The same for a new article, whose states are known without a reading. `classified` says whether a model is asked for its category. */
  recordNew(
    tx: Transaction,
    actor: Actor,
    article: Pick<Article, 'id' | 'status' | 'revision'>,
    write: Omit<Write, 'changesWhatIsEmbedded'> & { readonly classified: boolean },
  ): Promise<ArticleStates>;
  /** Reads the states of articles. */
  statesOf(tx: Transaction, tenantId: string, articleIds: readonly string[]): Promise<ArticleStates>;
  /** Reads the states of the article and adds them. */
  withState(tx: Transaction, tenantId: string, article: Article): Promise<ArticleWithEmbedding>;
}

/** Creates the parts that all writes share. */
export function createWriteRecords({
  audit,
  embeddings,
  classifications,
}: {
  readonly audit: Audit;
  readonly embeddings: Pick<ArticleEmbeddings, 'articleWritten' | 'newState' | 'statesOf'>;
  readonly classifications: Pick<Classifications, 'statesOf' | 'newState'>;
}): WriteRecords {
  const statesOf: WriteRecords['statesOf'] = async (tx, tenantId, articleIds) => {
    const [ofEmbeddings, ofClassifications] = await Promise.all([
      embeddings.statesOf(tx, tenantId, articleIds),
      classifications.statesOf(tx, tenantId, articleIds),
    ]);
    return { embeddings: ofEmbeddings, classifications: ofClassifications };
  };

  /** The statements of every write; none of them needs the answer of another. */
  const record = (
    tx: Transaction,
    actor: Actor,
    article: Pick<Article, 'id' | 'status' | 'revision'>,
    write: Write,
  ) =>
    Promise.all([
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
    ]);

  return {
    async recordWrite(tx, actor, article, write) {
      const [, states] = await Promise.all([
        record(tx, actor, article, write),
        statesOf(tx, actor.tenantId, [article.id]),
      ]);
      return states;
    },

    async recordNew(tx, actor, article, { classified, ...write }) {
      await record(tx, actor, article, { ...write, changesWhatIsEmbedded: true });
      const { tenantId } = actor;
      const { id, status } = article;
      const embedding = embeddings.newState({ tenantId, articleId: id, published: status === 'published' });
      return {
        embeddings: new Map([[id, embedding]]),
        classifications: new Map(classified ? [[id, classifications.newState]] : []),
      };
    },

    statesOf,

    withState: async (tx, tenantId, article) =>
      attachState(article, await statesOf(tx, tenantId, [article.id])),
  };
}

/** Adds the states to the article. Throws when it has none of its embedding, because every article has one. */
export function attachState(article: Article, states: ArticleStates): ArticleWithEmbedding {
  const embedding = states.embeddings.get(article.id);
  if (embedding === undefined) throw new Error(`article ${article.id} has no embedding state`);
  return { ...article, embedding, classification: states.classifications.get(article.id) ?? null };
}
