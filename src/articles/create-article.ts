import { randomUUID } from 'node:crypto';
import type { Audit } from '../audit/service.ts';
import type { Actor } from '../domain/actor.ts';
import { articleText, contentHash } from '../domain/article-text.ts';
import type { ArticleEmbeddings } from '../embedding/article-embeddings.ts';
import type { OutboxTicket } from '../outbox/outbox.ts';
import type { InTransaction } from '../platform/http/route.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import { type GateReport, type Judge, type Judgement, skip } from '../proposals/decision.ts';
import type { Gate } from '../proposals/gate.ts';
import type { ProposalMetrics } from '../proposals/metrics.ts';
import type { ArticleWithEmbedding, NewArticle } from './article.ts';
import { type ArticleWrites, attachState } from './record-write.ts';
import { insertArticle, readArticle } from './store.ts';

/** What became of a proposal: an article, or the one that says the same. */
export interface Created {
  readonly kind: 'created' | 'duplicate';
  readonly article: ArticleWithEmbedding;
  readonly gate: GateReport;
}

/**
 * Writes an article at revision 1, unless the proposal gate finds it among those that are there; one that says little that is
 * new becomes a draft. The gate waits for a provider within the guard's patience, and fails for nothing. `force` does without
 * it, and waits for no key, provider, Vault or Temporal.
 */
export type CreateArticle = (
  actor: Actor,
  article: NewArticle,
  afterWrite?: InTransaction<Created>,
) => Promise<Created>;

interface CreateArticleDeps extends ArticleWrites {
  readonly database: Database;
  readonly audit: Audit;
  readonly embeddings: ArticleEmbeddings;
  readonly gate: Gate;
  readonly metrics: Pick<ProposalMetrics, 'gateDecided'>;
}

type Input = Omit<NewArticle, 'force'>;

/** Makes the creation of articles. What it writes, or answers instead, is one transaction with the gate's comparison. */
export function createArticleCreation(deps: CreateArticleDeps): CreateArticle {
  const { database, audit, embeddings, gate, metrics, complete, withState } = deps;

  const insert = async (
    tx: Transaction,
    actor: Actor,
    input: Input,
    hash: string,
    { report, keep }: Extract<Judgement, { kind: 'new' }>,
  ): Promise<Created & { readonly ticket: OutboxTicket | undefined }> => {
    const { verdict } = report;
    const id = randomUUID();
    const { category } = input;
    const status = verdict === 'low_novelty' ? 'draft' : input.status;
    // Nothing of the row has to be known for what comes after it, so that it travels along.
    const [inserted, { ticket, states }] = await Promise.all([
      insertArticle(tx, actor.tenantId, { ...input, id, status, contentHash: hash, gateVerdict: verdict }),
      complete(
        tx,
        actor,
        { id, status, revision: 1 },
        {
          action: 'article.created',
          details: { status, category, gate: verdict, ...(verdict === 'low_novelty' && whyDraft(report)) },
          changesWhatIsEmbedded: true,
        },
      ),
      keep(tx, { id, contentHash: hash, published: status === 'published' }),
    ]);
    return { kind: 'created', article: attachState(inserted, states), gate: report, ticket };
  };

  const answerWith = async (
    tx: Transaction,
    actor: Actor,
    { of, report }: Extract<Judgement, { kind: 'duplicate' }>,
  ): Promise<Created & { readonly ticket: undefined }> => {
    const existing = await readArticle(tx, actor.tenantId, of);
    if (existing === undefined) throw new Error(`article ${of} is gone`);
    await audit.append(tx, actor, {
      action: 'article.deduplicated',
      subject: { kind: 'article', id: of },
      details: { revision: existing.revision, similarity: report.similarity },
    });
    const article = await withState(tx, actor.tenantId, existing);
    return { kind: 'duplicate', article, gate: report, ticket: undefined };
  };

  return async (actor, { force, ...input }, afterWrite) => {
    const write = (judge: Judge) =>
      database.withTenant(actor.tenantId, async (tx) => {
        const hash = contentHash(articleText(input));
        const judgement = await judge(tx, { contentHash: hash, status: input.status });
        const { ticket, ...created } =
          judgement.kind === 'duplicate'
            ? await answerWith(tx, actor, judgement)
            : await insert(tx, actor, input, hash, judgement);
        await afterWrite?.(tx, created);
        return { ticket, created };
      });
    const { ticket, created } = force ? await write(skip) : await gate.propose(actor.tenantId, input, write);
    embeddings.dispatch(ticket);
    metrics.gateDecided(created.gate.verdict);
    return created;
  };
}

/** For whoever finds the draft later and wonders: what the gate held it against. */
function whyDraft({ similarity, nearest }: Judgement['report']) {
  return { similarity, nearest: nearest[0]?.id ?? null };
}
