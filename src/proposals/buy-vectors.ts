import { createHash } from 'node:crypto';
import type { Chunk } from '../domain/chunks.ts';
import type { Failure } from '../domain/failures.ts';
import type { EmbeddingMetrics } from '../embedding/metrics.ts';
import { createSharedCache } from '../platform/async/shared-cache.ts';
import type { GuardedEmbedding } from '../providers/embedding/guarded-embedding.ts';
import type { ProviderMetrics } from '../providers/metrics.ts';

/** Chunks of a proposal whose vectors are to be bought. */
export interface ChunksToBuy {
  readonly tenantId: string;
  /** The API key that pays from its daily budget, if one does. */
  readonly apiKeyId: string | null;
  readonly keyVersion: number;
  readonly model: string;
  readonly space: { readonly id: string; readonly dimensions: number } | undefined;
  readonly chunks: readonly Chunk[];
}

/** Vectors by chunk hash, or why there are none. */
export type VectorsBought =
  | { readonly kind: 'bought'; readonly vectors: ReadonlyMap<string, readonly number[]> }
  | ({ readonly kind: 'failed' } & Failure);

/** How long bought vectors are remembered. A client that repeats a failed write does so within this. */
const rememberMs = 60_000;
/**
 * The most numbers of vectors that a process remembers: 16 MB, more than one proposal of 256 chunks and 3,072
 * dimensions.
 */
const rememberedNumbers = 2_000_000;

/**
 * Buys vectors by one guarded call. Equal proposals at the same time share one call. Vectors bought a moment ago are
 * used again, because they are stored nowhere until the article is. With a `refusal` nothing new is bought.
 */
export type BuyVectors = (request: ChunksToBuy, refusal: Failure | undefined) => Promise<VectorsBought>;

/** Creates the purchase of vectors for proposals. */
export function createBuyVectors(deps: {
  readonly embedding: GuardedEmbedding;
  readonly metrics: Pick<EmbeddingMetrics, 'chunksBought'> & Pick<ProviderMetrics, 'callRefused'>;
  /** Timeout of one attempt while a client waits, in milliseconds. */
  readonly timeoutMs: number;
}): BuyVectors {
  const cache = createSharedCache<VectorsBought>({
    ttlMs: rememberMs,
    maxSize: rememberedNumbers,
    sizeOf: (bought) =>
      bought.kind === 'bought'
        ? [...bought.vectors.values()].reduce((sum, { length }) => sum + length, 0)
        : 0,
    worthKeeping: (bought) => bought.kind === 'bought',
    concernsCallerOnly: (bought) => bought.kind === 'failed' && bought.code === 'budget_exhausted',
  });

  const buy = async ({ tenantId, apiKeyId, model, space, chunks }: ChunksToBuy): Promise<VectorsBought> => {
    const answer = await deps.embedding.embed({
      tenantId,
      apiKeyId,
      source: 'gate',
      inputs: chunks.map(({ text }) => text),
      side: 'passage',
      timeoutMs: deps.timeoutMs,
      model,
      ...(space === undefined ? {} : { expectedDimensions: space.dimensions }),
      persist: async (_tx, vectors) => vectors,
    });
    switch (answer.kind) {
      case 'ok':
        deps.metrics.chunksBought(chunks.length);
        return {
          kind: 'bought',
          vectors: new Map(answer.persisted.flatMap((vector, at) => pair(chunks[at]?.hash, vector))),
        };
      case 'failed':
        return answer;
      case 'superseded':
        return { kind: 'failed', code: 'internal' };
      default:
        return answer satisfies never;
    }
  };

  /** Counts and returns the refusal. The guard would refuse as well, after writing a call record and deleting it. */
  const refuse = (refusal: Failure): VectorsBought => {
    deps.metrics.callRefused({
      provider: 'embedding',
      operation: 'embedding',
      source: 'gate',
      code: refusal.code,
    });
    return { kind: 'failed', ...refusal };
  };

  return (request, refusal) =>
    cache.get(
      cacheKeyOf(request),
      async () => (refusal === undefined ? buy(request) : refuse(refusal)),
      request.apiKeyId,
    );
}

const pair = <V>(hash: string | undefined, vector: V): [string, V][] =>
  hash === undefined ? [] : [[hash, vector]];

/**
 * The key in the cache. It holds the tenant, the key version, the model and the space, so that vectors bought for
 * another are never used.
 */
function cacheKeyOf({ tenantId, keyVersion, model, space, chunks }: ChunksToBuy): string {
  const parts = [tenantId, keyVersion, model, space?.id ?? null, ...chunks.map(({ hash }) => hash)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
