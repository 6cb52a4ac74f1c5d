import type { Audit } from '../audit/service.ts';
import type { Actor } from '../domain/actor.ts';
import type { ArticleEmbeddings } from '../embedding/article-embeddings.ts';
import type { InTransaction } from '../platform/http/route.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Gate } from '../proposals/gate.ts';
import type { ProposalMetrics } from '../proposals/metrics.ts';
import type { WordIndex } from '../words/word-index.ts';
import type { ArticleWithEmbedding, LinkedArticle } from './article.ts';
import { type CreateArticle, createArticleCreation } from './article-creation.ts';
import { type Changed, createChange } from './change.ts';
import type { Classifications } from './classification/classifications.ts';
import { createEdit, type EditArticle } from './edit.ts';
import { listLinks } from './link-store.ts';
import { attachState, type WriteRecords } from './record-write.ts';
import { type ArticleFilter, findArticle, type ListPosition, listArticles, updateArticle } from './store.ts';
import { type TransitionName, transitions } from './transitions.ts';

export type { Created } from './article-creation.ts';
export type { Changed } from './change.ts';

/** A page ends early when its articles take more: two of the longest, or 2,000 of 2,000 characters. */
const maxPageBytes = 4_000_000;

/** A page of a list. */
export interface ArticlePage {
  readonly articles: readonly ArticleWithEmbedding[];
  /** The position after which the next page begins; absent on the last page. */
  readonly next?: ListPosition;
}

/** The articles of tenants. */
export interface Articles {
  create: CreateArticle;
  /** Reads one article of the tenant with its links; undefined when there is none with this id. */
  get(tenantId: string, id: string): Promise<LinkedArticle | undefined>;
  /** Lists a page of the tenant's articles, newest first. It ends early when the articles are long. */
  list(tenantId: string, filter: ArticleFilter): Promise<ArticlePage>;
  edit: EditArticle;
  /** Starts the embedding of a published article again. Changes no text and raises no revision. */
  retryEmbedding(
    actor: Actor,
    id: string,
    afterWrite?: InTransaction<ArticleWithEmbedding>,
  ): Promise<Changed>;
  /** Publishes, unpublishes or archives. */
  transition(
    actor: Actor,
    id: string,
    name: TransitionName,
    afterWrite?: InTransaction<ArticleWithEmbedding>,
  ): Promise<Changed>;
}

export interface ArticlesDeps {
  readonly database: Database;
  readonly audit: Audit;
  readonly embeddings: ArticleEmbeddings;
  readonly classifications: Classifications;
  readonly records: WriteRecords;
  readonly wordIndex: WordIndex;
  readonly gate: Gate;
  readonly metrics: Pick<ProposalMetrics, 'gateDecided'>;
}

/** Creates the service of articles. One write is one transaction: article, its words, embedding state, audit row, outbox row. */
export function createArticles(deps: ArticlesDeps): Articles {
  const { database, audit, embeddings, wordIndex, records } = deps;
  const { recordWrite, statesOf, withState } = records;

  const change = createChange(deps);

  return {
    create: createArticleCreation({ ...deps, ...records }),

    get: (tenantId, id) =>
      database.readTenant(tenantId, async (tx) => {
        // The states before the article: a classification that is shown as done has set the category that is shown.
        const [states, article, links] = await Promise.all([
          statesOf(tx, tenantId, [id]),
          findArticle(tx, tenantId, id),
          listLinks(tx, tenantId, id),
        ]);
        if (article === undefined) return undefined;
        // An article that was written between the two has states by now.
        const whole = states.embeddings.has(id)
          ? attachState(article, states)
          : await withState(tx, tenantId, article);
        return { ...whole, links };
      }),

    list: (tenantId, filter) =>
      database.readTenant(tenantId, async (tx): Promise<ArticlePage> => {
        const { page, more } = await listArticles(tx, tenantId, filter, maxPageBytes);
        const states = await statesOf(
          tx,
          tenantId,
          page.map(({ article }) => article.id),
        );
        const articles = page.map(({ article }) => attachState(article, states));
        const last = page.at(-1);
        return more && last ? { articles, next: last.position } : { articles };
      }),

    edit: createEdit({ ...deps, change }),

    retryEmbedding: (actor, id, afterWrite) =>
      change(actor, id, { kind: 'any' }, async (tx, current) => {
        if (current.status !== 'published') return { kind: 'not_allowed', status: current.status };
        await embeddings.retry(tx, actor.tenantId, id, actor.keyId);
        await audit.append(tx, actor, {
          action: 'article.embedding_retried',
          subject: { kind: 'article', id },
          details: { revision: current.revision },
        });
        const article = await withState(tx, actor.tenantId, current);
        await afterWrite?.(tx, article);
        return { kind: 'ok', article };
      }),

    transition: (actor, id, name, afterWrite) =>
      change(actor, id, { kind: 'any' }, async (tx, current) => {
        const { from, to, auditAction } = transitions[name];
        if (!from.includes(current.status)) return { kind: 'not_allowed', status: current.status };
        const [updated] = await Promise.all([
          updateArticle(tx, actor.tenantId, id, { status: to }),
          wordIndex.restate(tx, actor.tenantId, { id, status: to }),
        ]);
        const states = await recordWrite(tx, actor, updated, {
          action: auditAction,
          details: { from: current.status },
          changesWhatIsEmbedded: (current.status === 'published') !== (to === 'published'),
        });
        const article = attachState(updated, states);
        await afterWrite?.(tx, article);
        return { kind: 'ok', article };
      }),
  };
}
