import { randomUUID } from 'node:crypto';
import type { ArticleSource } from '../domain/article-text.ts';
import { chunkArticle, chunkerVersion } from '../domain/chunks.ts';
import type { Failure } from '../domain/failures.ts';
import type { ProviderKeys } from '../llm-config/service.ts';
import { withTimeout } from '../platform/async/with-timeout.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import { insertVectors, reuseVectors, upsertManifest } from '../vectors/chunk-store.ts';
import { ensureSpace, lockSpaces, readServingSpace } from '../vectors/spaces-store.ts';
import type { Bought, WantedChunks } from './calls.ts';
import type { Comparison } from './comparison.ts';
import { compareProposal, findSpaceOf } from './comparison.ts';
import { sampleEvenly } from './sample-evenly.ts';
import { listKnownChunks } from './store.ts';
import type { ProposedText } from './text.ts';
import { dimensionsOf, distinct, hashesOf, isComplete, withVectors } from './text.ts';

export type EmbeddedProposal =
  | { readonly kind: 'embedded'; readonly proposal: ProposedText }
  | ({ readonly kind: 'failed' } & Failure);

/** What the proposal gate needs of the embedding feature. */
export interface Proposals {
  /**
   * Vectors of a proposal, outside any transaction: those that the tenant has are found, the others bought by one guarded call
   * within a waiting person's patience. Fails as the call does, or for want of a usable key. Never throws.
   */
  embed(tenantId: string, text: ArticleSource, timeoutMs: number): Promise<EmbeddedProposal>;
  /** The tenant's published articles that are most like it. */
  compare(tx: Transaction, tenantId: string, proposal: ProposedText): Promise<Comparison>;
  /**
   * Stores the vectors with the article that the proposal became, in its own transaction: nobody pays for them again. Begun
   * after the article's own statements it shares their round trip.
   */
  keep(
    tx: Transaction,
    tenantId: string,
    article: { readonly id: string; readonly contentHash: string; readonly published: boolean },
    proposal: ProposedText,
  ): Promise<void>;
}

export interface ProposalsDeps {
  readonly database: Pick<Database, 'withTenant'>;
  readonly keys: Pick<ProviderKeys, 'current'>;
  readonly buy: (wanted: WantedChunks) => Promise<Bought>;
  /** Chunks that one proposal buys. */
  readonly maxChunks: number;
}

/** Proposals: texts that may become articles, as vectors of the space that serves the tenant's searches. */
export function createProposals(deps: ProposalsDeps): Proposals {
  const { database, keys, buy } = deps;

  /** Who would pay, and for which space: one round trip, and all that a tenant without a key costs. */
  const look = (tenantId: string) =>
    database.withTenant(tenantId, async (tx) => {
      const [key, serving] = await Promise.all([
        keys.current(tx, tenantId, 'embedding'),
        readServingSpace(tx, tenantId),
      ]);
      if (key === undefined) return { kind: 'failed' as const, code: 'no_api_key' as const };
      if (key.status === 'rejected') return { kind: 'failed' as const, code: 'credential_rejected' as const };
      return { kind: 'seen' as const, key, serving };
    });

  const embed = async (tenantId: string, text: ArticleSource): Promise<EmbeddedProposal> => {
    const seen = await look(tenantId);
    if (seen.kind === 'failed') return seen;
    const { key, serving } = seen;
    // Between two transactions: a long text takes up to a second, and no connection waits for it.
    const chunks = chunkArticle(text);
    const known =
      serving === undefined
        ? new Set<string>()
        : await database.withTenant(tenantId, (tx) =>
            listKnownChunks(tx, tenantId, serving.id, hashesOf(chunks)),
          );
    const model = serving?.model ?? key.model;
    const missing = distinct(chunks).filter(({ hash }) => !known.has(hash));
    const asked = sampleEvenly(missing, deps.maxChunks);
    const answer: Bought =
      asked.length === 0
        ? { kind: 'bought', vectors: new Map() }
        : await buy({ tenantId, keyVersion: key.version, model, space: serving, chunks: asked });
    if (answer.kind === 'failed') return answer;
    return {
      kind: 'embedded',
      proposal: { chunks, model, spaceId: serving?.id, known, bought: answer.vectors },
    };
  };

  return {
    async embed(tenantId, text, timeoutMs) {
      try {
        return await withTimeout(embed(tenantId, text), timeoutMs, {
          kind: 'failed',
          code: 'provider_timeout',
        });
      } catch {
        return { kind: 'failed', code: 'internal' };
      }
    },

    compare: compareProposal,

    async keep(tx, tenantId, article, proposal) {
      const spaceId = proposal.spaceId ?? (await makeSpace(tx, tenantId, proposal));
      if (spaceId === undefined) return;
      const stored = hashesOf(withVectors(proposal)).filter((hash) => !proposal.bought.has(hash));
      const bought = distinct(proposal.chunks).flatMap(({ hash, text }) => {
        const vector = proposal.bought.get(hash);
        return vector === undefined ? [] : [{ hash, text, vector }];
      });
      await Promise.all([
        ...(stored.length > 0 ? [reuseVectors(tx, tenantId, spaceId, article.id, stored)] : []),
        ...(bought.length > 0 ? [insertVectors(tx, tenantId, spaceId, article.id, bought)] : []),
        ...(article.published && isComplete(proposal)
          ? [
              upsertManifest(tx, tenantId, {
                spaceId,
                articleId: article.id,
                contentHash: article.contentHash,
                chunkHashes: hashesOf(proposal.chunks),
              }),
            ]
          : []),
      ]);
    },
  };
}

/**
 * The tenant's first space, unless somebody was faster. Found before it is made: making one that is there would wait for
 * whoever stores vectors in it. A model that was replaced meanwhile does no harm: its space serves until the new one's is
 * complete, as in any change of model.
 */
async function makeSpace(tx: Transaction, tenantId: string, proposal: ProposedText) {
  const dimensions = dimensionsOf(proposal);
  if (dimensions === undefined) return undefined;
  await lockSpaces(tx, tenantId);
  const { model } = proposal;
  return (
    (await findSpaceOf(tx, tenantId, proposal)) ??
    (await ensureSpace(tx, tenantId, { id: randomUUID(), model, dimensions, chunkerVersion }))
  );
}
