import { type Chunk, chunkerVersion } from '../domain/chunks.ts';
import type { CallSource } from '../domain/operations.ts';
import { type ProviderTarget, targetIdOf } from '../domain/provider-target.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { CallResult } from '../providers/call.ts';
import type { GuardedEmbedding } from '../providers/embedding/guarded-embedding.ts';
import type { Seat } from '../providers/embedding/shared-call.ts';
import { claimOn } from '../vectors/chunk-purchases.ts';
import { insertVectors } from '../vectors/chunk-store.ts';
import { ensureSpace, type Space } from '../vectors/spaces.ts';
import type { EmbeddingMetrics } from './metrics.ts';

/** Texts whose vectors are bought in one call. Each belongs to an article. */
export interface Purchase<T> {
  readonly tenantId: string;
  readonly source: CallSource;
  /** The article in the call record, if all texts belong to it. */
  readonly articleId?: string;
  /** The API key whose daily budget pays, if one does. */
  readonly apiKeyId?: string | null;
  readonly target: ProviderTarget;
  /** Undefined before the first vectors of the target. */
  readonly space: Space | undefined;
  readonly texts: readonly { readonly articleId: string; readonly chunk: Chunk }[];
  /** See `CallRequest`. */
  readonly divisible?: boolean;
  /** See `CallRequest`. */
  readonly suspect?: boolean;
  /** A place in a call that other articles share. */
  readonly seat?: Seat | undefined;
  /** Runs in the transaction that stores the vectors. */
  afterStore(tx: Transaction, spaceId: string): Promise<T>;
}

/**
 * Buys and stores vectors by one guarded call, with a claim on the chunks. `superseded`: the tenant's target has changed, and
 * nothing was called. `claimed`: another call buys a part of the chunks, and nothing was called.
 */
export type Buy = <T>(purchase: Purchase<T>) => Promise<CallResult<T>>;

/** Creates the purchase of vectors for stored articles. */
export function createBuy(deps: {
  readonly embedding: GuardedEmbedding;
  readonly metrics: Pick<EmbeddingMetrics, 'chunksBought'>;
  /** Timeout of one attempt in a workflow, in milliseconds. */
  readonly timeoutMs: number;
}): Buy {
  return async ({ texts, space, afterStore, ...call }) => {
    const { tenantId, target } = call;
    const kind = { target, chunkerVersion };
    const result = await deps.embedding.embed({
      tenantId,
      source: call.source,
      apiKeyId: call.apiKeyId ?? null,
      divisible: call.divisible ?? false,
      suspect: call.suspect ?? false,
      seat: call.seat,
      ...(call.articleId === undefined ? {} : { articleId: call.articleId }),
      inputs: texts.map(({ chunk }) => chunk.input),
      side: 'passage',
      timeoutMs: deps.timeoutMs,
      target,
      expectedTargetId: targetIdOf(target),
      claim: claimOn(tenantId, { kind, hashes: texts.map(({ chunk }) => chunk.hash) }, call.articleId),
      ...(space === undefined ? {} : { expectedDimensions: space.dimensions }),
      async persist(tx, vectors) {
        const { id } = space ?? (await ensureSpace(tx, tenantId, kind, vectors[0]?.length ?? 0));
        const bought = texts.flatMap(({ articleId, chunk: { hash, text, heading } }, index) => {
          const vector = vectors[index];
          return vector === undefined ? [] : [{ articleId, hash, text, heading, vector }];
        });
        await insertVectors(tx, tenantId, id, bought);
        return afterStore(tx, id);
      },
    });
    if (result.kind === 'ok') deps.metrics.chunksBought(texts.length);
    return result;
  };
}
