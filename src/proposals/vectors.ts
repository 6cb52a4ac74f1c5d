import { type ArticleSource, articleText } from '../domain/article-text.ts';
import { type Chunk, chunkerVersion, chunksOf } from '../domain/chunks.ts';
import type { Failure } from '../domain/failures.ts';
import { atCurrentAddress, type ProviderTarget } from '../domain/provider-target.ts';
import { withTimeout } from '../platform/async/with-timeout.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import { refusalOf } from '../providers/admission.ts';
import type { Guard } from '../providers/guard.ts';
import { forgetBought } from '../vectors/chunk-purchases.ts';
import { insertVectors, listKnownChunks, reuseVectors, upsertManifest } from '../vectors/chunk-store.ts';
import { storeCuts } from '../vectors/cutting/article-cuts.ts';
import type { Cutter } from '../vectors/cutting/cutter.ts';
import { ensureSpace, serving, targets } from '../vectors/spaces.ts';
import type { BuyVectors, VectorsBought } from './buy-vectors.ts';
import {
  dimensionsOf,
  distinct,
  hashesOf,
  isComplete,
  type ProposedText,
  sampleEvenly,
  withVectors,
} from './text.ts';

/** A proposal with its vectors, or why it has none. */
export type EmbeddedProposal =
  | { readonly kind: 'embedded'; readonly proposal: ProposedText }
  | ({ readonly kind: 'failed' } & Failure);

/** The article that a proposal became. */
export interface StoredProposal {
  readonly id: string;
  readonly contentHash: string;
  readonly published: boolean;
}

/** The vectors of texts that may become articles. */
export interface ProposalVectors {
  /**
   * Gets the vectors of a proposal, outside of any transaction: those that the tenant has are looked up, the others are
   * bought by one guarded call within `timeoutMs`. Fails as the call does, or when there is no usable key. Never
   * throws.
   */
  embed(
    tenantId: string,
    text: ArticleSource,
    timeoutMs: number,
    apiKeyId?: string | null,
  ): Promise<EmbeddedProposal>;
  /**
   * Stores the vectors with the article that the proposal became, in the transaction of the article, so that they are
   * not bought again.
   */
  store(tx: Transaction, tenantId: string, article: StoredProposal, proposal: ProposedText): Promise<void>;
}

export interface ProposalVectorsDeps {
  readonly database: Pick<Database, 'withTenant'>;
  readonly guard: Pick<Guard, 'admission'>;
  readonly buy: BuyVectors;
  readonly cutter: Pick<Cutter, 'cut'>;
  /** The most passages that one proposal buys. */
  readonly maxChunks: number;
}

/** Creates the vectors of proposals, in the space that serves the tenant's searches. */
export function createProposalVectors(deps: ProposalVectorsDeps): ProposalVectors {
  const { database, guard, buy, cutter } = deps;

  const embed = async (
    tenantId: string,
    source: ArticleSource,
    apiKeyId: string | null,
  ): Promise<EmbeddedProposal> => {
    // One round trip, which is all that a tenant without a key costs.
    const [admission, serves] = await database.withTenant(tenantId, (tx) =>
      Promise.all([guard.admission(tx, tenantId, 'embedding', 'interactive'), serving(tx, tenantId)]),
    );
    if (admission.kind === 'no_key') return { kind: 'failed', code: 'no_api_key' };
    if (admission.kind === 'rejected') return { kind: 'failed', code: admission.code };
    const { key } = admission;
    // After a change of address the key must not go to where the serving vectors come from.
    const asked = serves && atCurrentAddress(serves.target, key.target);
    const space = asked && serves;
    // Cut between two transactions, because a long text waits for a thread and no connection has to wait for it.
    const text = articleText(source);
    const cuts = await cutter.cut(tenantId, text);
    const chunks = chunksOf(text, source.tags ?? [], cuts);
    const known =
      space === undefined
        ? new Set<string>()
        : await database.withTenant(tenantId, (tx) =>
            listKnownChunks(tx, tenantId, space.id, hashesOf(chunks)),
          );
    const target = asked ?? key.target;
    const missing = toBuy(
      distinct(chunks).filter(({ hash }) => !known.has(hash)),
      deps.maxChunks,
    );
    const bought: VectorsBought =
      missing.length === 0
        ? { kind: 'bought', vectors: new Map(), ofAll: true }
        : await buy(
            { tenantId, apiKeyId, keyVersion: key.version, target, space, chunks: missing },
            refusalOf(admission),
          );
    // What the provider refuses is left out, as long as there is something else to compare.
    const isComparable = bought.kind === 'bought' || (bought.code === 'input_rejected' && known.size > 0);
    if (!isComparable) return bought;
    const vectors = bought.kind === 'bought' ? bought.vectors : new Map<string, readonly number[]>();
    return {
      kind: 'embedded',
      proposal: { chunks, cut: { text, cuts }, target, spaceId: space?.id, known, bought: vectors },
    };
  };

  return {
    async embed(tenantId, text, timeoutMs, apiKeyId = null) {
      try {
        return await withTimeout(embed(tenantId, text, apiKeyId), timeoutMs, {
          kind: 'failed',
          code: 'provider_timeout',
        });
      } catch {
        return { kind: 'failed', code: 'internal' };
      }
    },

    async store(tx, tenantId, article, proposal) {
      const spaceId = proposal.spaceId ?? (await firstSpaceOf(tx, tenantId, proposal));
      if (spaceId === undefined) return;
      const stored = hashesOf(withVectors(proposal)).filter((hash) => !proposal.bought.has(hash));
      const bought = distinct(proposal.chunks).flatMap(({ hash, text, heading }) => {
        const vector = proposal.bought.get(hash);
        return vector === undefined ? [] : [{ articleId: article.id, hash, text, heading, vector }];
      });
      await Promise.all([
        ...(proposal.cut === undefined
          ? []
          : [
              storeCuts(
                tx,
                tenantId,
                { articleId: article.id, contentHash: article.contentHash },
                proposal.cut,
              ),
            ]),
        ...(stored.length > 0 ? [reuseVectors(tx, tenantId, spaceId, article.id, stored)] : []),
        ...(bought.length > 0
          ? [
              insertVectors(tx, tenantId, spaceId, bought),
              forgetStored(tx, tenantId, spaceId, proposal.target, bought),
            ]
          : []),
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
 * What is bought of the chunks that a proposal lacks: passages from all over the text, and beside them the card where all fit. No
 * call is made for a card alone: it is not compared, and the article's workflow buys it.
 */
function toBuy(lacking: readonly Chunk[], maxChunks: number): readonly Chunk[] {
  const found = lacking.filter(({ isCard }) => !isCard);
  return found.length > 0 && found.length <= maxChunks ? lacking : sampleEvenly(found, maxChunks);
}

/**
 * Forgets bought vectors that are stored with an article. While the serving space is that of an earlier chunker, they are kept for the
 * space that will replace it, so that the article's workflow does not buy them again.
 */
async function forgetStored(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
  target: ProviderTarget,
  bought: readonly { readonly hash: string }[],
): Promise<void> {
  const kind = { target, chunkerVersion };
  const [space] = await targets(tx, tenantId, kind);
  if (space?.id === spaceId)
    await forgetBought(tx, tenantId, { kind, hashes: bought.map(({ hash }) => hash) });
}

/**
 * Finds or creates the space of a proposal that was embedded when its tenant had none. A model that was replaced
 * meanwhile does no harm: its space serves until the new one's is complete, as in any change of model.
 */
async function firstSpaceOf(tx: Transaction, tenantId: string, proposal: ProposedText) {
  const dimensions = dimensionsOf(proposal);
  if (dimensions === undefined) return undefined;
  const space = await ensureSpace(tx, tenantId, { target: proposal.target, chunkerVersion }, dimensions);
  return space.id;
}
