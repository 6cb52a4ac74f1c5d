import { randomUUID } from 'node:crypto';
import type { Audit } from '../audit/service.ts';
import type { Actor } from '../domain/actor.ts';
import { articleHash } from '../domain/article-text.ts';
import type { InTransaction } from '../platform/http/route.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { Decision, GateReport } from '../proposals/decision.ts';
import type { Assessment, CompareFirst, Gate } from '../proposals/gate.ts';
import type { ProposalMetrics } from '../proposals/metrics.ts';
import type { ArticleWords, WordIndex } from '../words/word-index.ts';
import { type ArticleWithEmbedding, type NewArticle, unclassified } from './article.ts';
import type { Classifications } from './classification/classifications.ts';
import { attachState, type WriteRecords } from './record-write.ts';
import { insertArticle, readArticle } from './store.ts';

/** The result of a proposal: a new article, or the existing one that says the same. */
export interface Created {
  readonly kind: 'created' | 'duplicate';
  readonly article: ArticleWithEmbedding;
  readonly gate: GateReport;
}

/**
 * Writes an article at revision 1, unless the proposal gate finds an existing one that says the same. A proposal that
 * says little new becomes a draft. The gate waits for a provider within its timeout, and none of its failures fails the
 * write. `force` skips the gate, and then nothing waits for a key, a provider, Vault or Temporal.
 */
export type CreateArticle = (
  actor: Actor,
  article: NewArticle,
  afterWrite?: InTransaction<Created>,
) => Promise<Created>;

interface CreateArticleDeps extends WriteRecords {
  readonly database: Database;
  readonly audit: Audit;
  readonly gate: Gate;
  readonly metrics: Pick<ProposalMetrics, 'gateDecided'>;
  readonly classifications: Pick<Classifications, 'request'>;
  readonly wordIndex: WordIndex;
}

type Input = Omit<NewArticle, 'force'>;

/**
 * Creates the function that writes new articles. The gate's decision and what follows from it, a new article or the
 * existing one, are one transaction.
 */
export function createArticleCreation(deps: CreateArticleDeps): CreateArticle {
  const { database, audit, gate, metrics, classifications, wordIndex, recordNew, withState } = deps;

  const insert = async (
    tx: Transaction,
    actor: Actor,
    input: Input,
    { hash, words }: { readonly hash: string; readonly words: ArticleWords },
    { report }: Extract<Decision, { kind: 'new' }>,
  ): Promise<Created> => {
    const { verdict } = report;
    const id = randomUUID();
    const category = input.category ?? unclassified;
    const status = verdict === 'low_novelty' ? 'draft' : input.status;
    // The other statements need nothing of the inserted row, so that they share its round trip.
    const [inserted, , , states] = await Promise.all([
      insertArticle(tx, actor.tenantId, {
        ...{ ...input, id, category, status },
        language: words.language,
        chosenLanguage: input.language ?? null,
        contentHash: hash,
        gateVerdict: verdict,
      }),
      wordIndex.insert(tx, actor.tenantId, { id, status, category, tags: input.tags }, words),
      input.category === null ? classifications.request(tx, actor.tenantId, id, actor.keyId) : undefined,
      recordNew(
        tx,
        actor,
        { id, status, revision: 1 },
        {
          action: 'article.created',
          details: { status, category, gate: verdict, ...(verdict === 'low_novelty' && whyDraft(report)) },
          classified: input.category === null,
        },
      ),
    ]);
    return { kind: 'created', article: attachState(inserted, states), gate: report };
  };

  const answerWith = async (
    tx: Transaction,
    actor: Actor,
    { of, report }: Extract<Decision, { kind: 'duplicate' }>,
  ): Promise<Created> => {
    const existing = await readArticle(tx, actor.tenantId, of);
    await audit.append(tx, actor, {
      action: 'article.deduplicated',
      subject: { kind: 'article', id: of },
      details: { revision: existing.revision, similarity: report.similarity },
    });
    return { kind: 'duplicate', article: await withState(tx, actor.tenantId, existing), gate: report };
  };

  const write = async (
    tx: Transaction,
    actor: Actor,
    input: Input,
    words: ArticleWords,
    assessment: Assessment,
  ): Promise<Created | CompareFirst> => {
    const hash = articleHash(input);
    const proposed = { title: input.title, body: input.body, contentHash: hash, status: input.status };
    const decision = await gate.decide(tx, actor.tenantId, proposed, assessment);
    if (decision.kind === 'compare_first') return decision;
    if (decision.kind === 'duplicate') return answerWith(tx, actor, decision);
    const created = await insert(tx, actor, input, { hash, words }, decision);
    const { id, status } = created.article;
    const stored = { id, contentHash: hash, published: status === 'published' };
    await gate.storeVectors(tx, actor.tenantId, stored, assessment);
    return created;
  };

  return async (actor, { force, ...input }, afterWrite) => {
    const words = await wordIndex.analyze(actor.tenantId, {
      ...input,
      category: input.category ?? unclassified,
      language: input.language ?? null,
    });
    let assessment = force ? gate.skip : await gate.assess(actor.tenantId, input, actor.keyId);
    try {
      for (;;) {
        const assessed = assessment;
        // Without a comparison and an answer to store, no statement depends on another: they are one message with their commit.
        const isOneMessage = assessed.kind !== 'embedded' && afterWrite === undefined;
        const within = isOneMessage ? database.withTenantAtOnce : database.withTenant;
        const created = await within(actor.tenantId, async (tx) => {
          const written = await write(tx, actor, input, words, assessed);
          if (written.kind !== 'compare_first') await afterWrite?.(tx, written);
          return written;
        });
        if (created.kind !== 'compare_first') {
          metrics.gateDecided(created.gate.verdict);
          return created;
        }
        assessment = await created.compare();
      }
    } finally {
      assessment.release();
    }
  };
}

/** Explains a draft to a person who finds it later: the article that the gate found too similar, and in how many passages they differ. */
function whyDraft({ similarity, nearest, differs }: GateReport) {
  return { similarity, nearest: nearest[0]?.id ?? null, differs: differs?.length ?? 0 };
}
