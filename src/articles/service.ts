import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Audit } from '../audit/service.ts';
import type { Actor } from '../domain/actor.ts';
import { articleText, contentHash } from '../domain/article-text.ts';
import type { ArticleEmbeddings, OutboxTicket } from '../embedding/ports.ts';
import type { InTransaction } from '../platform/http/route.ts';
import type { ServiceMetrics } from '../platform/metrics.ts';
import type { Database, Transaction } from '../platform/postgres.ts';
import type { Article, ArticleChanges, ArticleStatus, ArticleWithEmbedding, NewArticle } from './article.ts';
import type { Gate, GateReport, Judge } from './gate.ts';
import { type ExpectedRevision, meets } from './if-match.ts';
import {
  type ArticleFilter,
  insertArticle,
  type ListPosition,
  listArticles,
  lockArticle,
  readArticle,
  updateArticle,
} from './store.ts';
import { type TransitionName, transitions } from './transitions.ts';

export type { ArticleFilter, ListPosition } from './store.ts';

export type Changed =
  | { readonly kind: 'ok'; readonly article: ArticleWithEmbedding }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'revision_mismatch'; readonly revision: number }
  /** The article's status allows neither this transition nor, when archived, an edit. */
  | { readonly kind: 'not_allowed'; readonly status: ArticleStatus };

/** What became of a proposal: an article, or the one that says the same. */
export interface Created {
  readonly kind: 'created' | 'duplicate';
  readonly article: ArticleWithEmbedding;
  readonly gate: GateReport;
}

export interface ArticlePage {
  readonly articles: readonly ArticleWithEmbedding[];
  /** Where the next page begins; absent on the last. */
  readonly next?: ListPosition;
}

export interface Articles {
  /**
   * Writes an article at revision 1, unless the proposal gate finds it among those that are there; one that says little that is
   * new becomes a draft. The gate waits for a provider within the guard's patience, and fails for nothing. `force` does
   * without it, and waits for no key, provider, Vault or Temporal.
   */
  create(actor: Actor, article: NewArticle, afterWrite?: InTransaction<Created>): Promise<Created>;
  /** One article of the tenant; undefined when it has none of this id. */
  get(tenantId: string, id: string): Promise<ArticleWithEmbedding | undefined>;
  /** A page of the tenant's articles, newest first. */
  list(tenantId: string, filter: ArticleFilter): Promise<ArticlePage>;
  /** Changes fields. An edit that changes nothing raises no revision and leaves no audit row. */
  edit(actor: Actor, id: string, changes: ArticleChanges, expected: ExpectedRevision): Promise<Changed>;
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
  readonly gate: Gate;
  readonly metrics: Pick<ServiceMetrics, 'gateDecided'>;
}

interface Write {
  readonly action: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** Whether the text or its being published became another one. */
  readonly changesWhatIsEmbedded: boolean;
}

/** Articles and their life. One write is one transaction: article, embedding state, audit row, outbox row. */
export function createArticles({ database, audit, embeddings, gate, metrics }: ArticlesDeps): Articles {
  const withState = async (tx: Transaction, tenantId: string, article: Article) => {
    const states = await embeddings.statesOf(tx, tenantId, [article.id]);
    return attachState(article, states);
  };

  /**
   * The rest of a write, after the statement for the article's row: sent together, in this order, for one round trip. Gives
   * the embedding state as the write leaves it.
   */
  const complete = async (
    tx: Transaction,
    actor: Actor,
    article: Pick<Article, 'id' | 'status' | 'revision'>,
    write: Write,
  ) => {
    const [ticket, , states] = await Promise.all([
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
    return { ticket, states };
  };

  /** One change to one article: locked, checked, written; its workflow is signalled once it is committed. */
  const change = async (
    actor: Actor,
    id: string,
    expected: ExpectedRevision,
    apply: (tx: Transaction, current: Article) => Promise<Changed & { readonly ticket?: OutboxTicket }>,
  ): Promise<Changed> => {
    const { ticket, ...changed } = await database.withTenant(actor.tenantId, async (tx) => {
      const current = await lockArticle(tx, actor.tenantId, id);
      if (current === undefined) return { kind: 'not_found' as const, ticket: undefined };
      if (!meets(expected, current.revision)) {
        return { kind: 'revision_mismatch' as const, revision: current.revision, ticket: undefined };
      }
      return { ticket: undefined, ...(await apply(tx, current)) };
    });
    embeddings.dispatch(ticket);
    return changed;
  };

  /** A proposal's transaction: judged, and then written or answered with what is there. */
  const propose = async (
    tx: Transaction,
    actor: Actor,
    input: Omit<NewArticle, 'force'>,
    judge: Judge,
    afterWrite: InTransaction<Created> | undefined,
  ): Promise<Created & { readonly ticket?: OutboxTicket }> => {
    const { tenantId } = actor;
    const hash = contentHash(articleText(input));
    const judgement = await judge(tx, hash);
    if (judgement.kind === 'duplicate') {
      const existing = await readArticle(tx, tenantId, judgement.of);
      if (existing === undefined) throw new Error(`article ${judgement.of} is gone`);
      const { report: gate } = judgement;
      await audit.append(tx, actor, {
        action: 'article.deduplicated',
        subject: { kind: 'article', id: existing.id },
        details: { revision: existing.revision, similarity: gate.similarity },
      });
      const article = await withState(tx, tenantId, existing);
      const created: Created = { kind: 'duplicate', article, gate };
      await afterWrite?.(tx, created);
      return created;
    }

    const { report: gate, keep } = judgement;
    const { verdict } = gate;
    const id = randomUUID();
    const { category } = input;
    const status = verdict === 'low_novelty' ? 'draft' : input.status;
    // Nothing of the row has to be known for what comes after it, so that it travels along.
    const [inserted, { ticket, states }] = await Promise.all([
      insertArticle(tx, tenantId, { ...input, id, status, contentHash: hash, gateVerdict: verdict }),
      complete(
        tx,
        actor,
        { id, status, revision: 1 },
        {
          action: 'article.created',
          details: { status, category, gate: verdict },
          changesWhatIsEmbedded: true,
        },
      ),
    ]);
    await keep(tx, { id, contentHash: hash, published: status === 'published' });
    const created: Created = { kind: 'created', article: attachState(inserted, states), gate };
    await afterWrite?.(tx, created);
    return { ...created, ...(ticket ? { ticket } : {}) };
  };

  return {
    async create(actor, { force, ...input }, afterWrite) {
      const write = (judge: Judge) =>
        database.withTenant(actor.tenantId, (tx) => propose(tx, actor, input, judge, afterWrite));
      const { ticket, ...created } = force
        ? await write(gate.skip)
        : await gate.propose(actor.tenantId, input, write);
      embeddings.dispatch(ticket);
      metrics.gateDecided(created.gate.verdict);
      return created;
    },

    get: (tenantId, id) =>
      database.withTenant(tenantId, async (tx) => {
        const article = await readArticle(tx, tenantId, id);
        return article === undefined ? undefined : withState(tx, tenantId, article);
      }),

    list: (tenantId, filter) =>
      database.withTenant(tenantId, async (tx): Promise<ArticlePage> => {
        const found = await listArticles(tx, tenantId, { ...filter, limit: filter.limit + 1 });
        const page = found.slice(0, filter.limit);
        const states = await embeddings.statesOf(
          tx,
          tenantId,
          page.map(({ article }) => article.id),
        );
        const articles = page.map(({ article }) => attachState(article, states));
        const last = page.at(-1);
        return found.length > page.length && last ? { articles, next: last.position } : { articles };
      }),

    edit: (actor, id, changes, expected) =>
      change(actor, id, expected, async (tx, current) => {
        if (current.status === 'archived') return { kind: 'not_allowed', status: current.status };
        const differing = fieldsThatDiffer(current, changes);
        if (differing.length === 0) {
          return { kind: 'ok', article: await withState(tx, actor.tenantId, current) };
        }
        const hash = contentHash(
          articleText({ title: changes.title ?? current.title, body: changes.body ?? current.body }),
        );
        const updated = await updateArticle(tx, actor.tenantId, id, {
          ...Object.fromEntries(differing.map((field) => [field, changes[field]])),
          contentHash: hash,
        });
        const { ticket, states } = await complete(tx, actor, updated, {
          action: 'article.updated',
          details: { fields: differing },
          changesWhatIsEmbedded: hash !== current.contentHash,
        });
        return { kind: 'ok', article: attachState(updated, states), ...(ticket ? { ticket } : {}) };
      }),

    retryEmbedding: (actor, id, afterWrite) =>
      change(actor, id, { kind: 'any' }, async (tx, current) => {
        if (current.status !== 'published') return { kind: 'not_allowed', status: current.status };
        const ticket = await embeddings.retryWanted(tx, actor.tenantId, id);
        await audit.append(tx, actor, {
          action: 'article.embedding_retried',
          subject: { kind: 'article', id },
          details: { revision: current.revision },
        });
        const article = await withState(tx, actor.tenantId, current);
        await afterWrite?.(tx, article);
        return { kind: 'ok', article, ticket };
      }),

    transition: (actor, id, name, afterWrite) =>
      change(actor, id, { kind: 'any' }, async (tx, current) => {
        const { from, to, auditAction } = transitions[name];
        if (!from.includes(current.status)) return { kind: 'not_allowed', status: current.status };
        const updated = await updateArticle(tx, actor.tenantId, id, { status: to });
        const { ticket, states } = await complete(tx, actor, updated, {
          action: auditAction,
          details: { from: current.status },
          changesWhatIsEmbedded: (current.status === 'published') !== (to === 'published'),
        });
        const article = attachState(updated, states);
        await afterWrite?.(tx, article);
        return { kind: 'ok', article, ...(ticket ? { ticket } : {}) };
      }),
  };
}

function attachState(
  article: Article,
  states: Awaited<ReturnType<ArticleEmbeddings['statesOf']>>,
): ArticleWithEmbedding {
  const embedding = states.get(article.id);
  if (embedding === undefined) throw new Error(`article ${article.id} has no embedding state`);
  return { ...article, embedding };
}

/** Names of the fields that the changes make another value. */
function fieldsThatDiffer(current: Article, changes: ArticleChanges): (keyof ArticleChanges)[] {
  const fields = ['title', 'body', 'category', 'tags', 'metadata'] as const;
  return fields.filter(
    (field) => changes[field] !== undefined && !isDeepStrictEqual(changes[field], current[field]),
  );
}
