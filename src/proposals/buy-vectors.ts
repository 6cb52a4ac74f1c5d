import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Chunk, chunkerVersion } from '../domain/chunks.ts';
import type { Failure } from '../domain/failures.ts';
import { type ProviderTarget, targetIdOf } from '../domain/provider-target.ts';
import type { Batches, PlannedBatch } from '../embedding/batches.ts';
import type { EmbeddingMetrics } from '../embedding/metrics.ts';
import { createSharedCache } from '../platform/async/shared-cache.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { CallResult } from '../providers/call.ts';
import type { GuardedEmbedding } from '../providers/embedding/guarded-embedding.ts';
import type { ProviderMetrics } from '../providers/metrics.ts';
import { boughtVectors, claimOn, keepBought, purchasesOf } from '../vectors/chunk-purchases.ts';
import { listChunkVectors } from '../vectors/chunk-store.ts';
import { refusalsOf } from '../vectors/refusals/chunk-refusals.ts';
import { isRejected } from '../vectors/refusals/refusal.ts';
import { targets } from '../vectors/spaces.ts';

/** Chunks of a proposal whose vectors are to be bought. */
export interface ChunksToBuy {
  readonly tenantId: string;
  /** The API key that pays from its daily budget, if one does. */
  readonly apiKeyId: string | null;
  readonly keyVersion: number;
  readonly target: ProviderTarget;
  readonly space: { readonly id: string; readonly dimensions: number } | undefined;
  readonly chunks: readonly Chunk[];
}

/**
 * Vectors by chunk hash, or why there are none. `ofAll` is false where chunks are left out that another call was still buying, or
 * that the provider refuses.
 */
export type VectorsBought =
  | {
      readonly kind: 'bought';
      readonly vectors: ReadonlyMap<string, readonly number[]>;
      readonly ofAll: boolean;
    }
  | ({ readonly kind: 'failed' } & Failure);

type Vectors = ReadonlyMap<string, readonly number[]>;
type Failed = Extract<CallResult<unknown>, { readonly kind: 'failed' }>;

/** How long bought vectors are remembered. A client that repeats a failed write does so within this. */
const rememberMs = 60_000;
/**
 * The most numbers of vectors that a process remembers: 16 MB, more than one proposal of 256 chunks and 3,072
 * dimensions.
 */
const rememberedNumbers = 2_000_000;

/** The pause between two looks at what another call is buying. */
const lookEveryMs = 150;

/**
 * Buys vectors by one guarded call, or several where the provider takes no more at once, which keep them even when nobody waits for them any more. Equal proposals at the same time
 * share one call. Chunks that another call of the tenant is buying are waited for, as long as an own call may take, and are then
 * left out. Vectors of a moment ago are used again. With a `refusal` nothing new is bought.
 */
export type BuyVectors = (request: ChunksToBuy, refusal: Failure | undefined) => Promise<VectorsBought>;

/** Creates the purchase of vectors for proposals. */
export function createBuyVectors(deps: {
  readonly database: Pick<Database, 'withTenant'>;
  readonly embedding: GuardedEmbedding;
  readonly batches: Batches;
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
    worthKeeping: (bought) => bought.kind === 'bought' && bought.ofAll,
    concernsCallerOnly: (bought) => bought.kind === 'failed' && bought.code === 'budget_exhausted',
  });

  /** One guarded call for these chunks. The vectors are kept in the transaction that ends it, even when nobody waits any more. */
  const call = async (
    { tenantId, apiKeyId, target, space }: ChunksToBuy,
    { chunks, failures, isWell, wereRefused }: PlannedBatch,
  ): Promise<{ readonly kind: 'ok'; readonly vectors: Vectors } | { readonly kind: 'claimed' } | Failed> => {
    const kind = { target, chunkerVersion };
    const answer = await deps.embedding.embed({
      tenantId,
      apiKeyId,
      source: 'gate',
      inputs: chunks.map(({ input }) => input),
      side: 'passage',
      timeoutMs: deps.timeoutMs,
      target,
      suspect: failures > 0 && isWell,
      claim: claimOn(tenantId, { kind, hashes: chunks.map(({ hash }) => hash) }),
      ...(space === undefined ? {} : { expectedDimensions: space.dimensions }),
      async persist(tx, bought) {
        const vectors = new Map(bought.flatMap((vector, at) => pair(chunks[at]?.hash, vector)));
        await keepBought(tx, tenantId, kind, vectors);
        if (wereRefused) await deps.batches.passed(tx, tenantId, target, chunks);
        return vectors;
      },
    });
    switch (answer.kind) {
      case 'ok':
        deps.metrics.chunksBought(chunks.length);
        return { kind: 'ok', vectors: answer.persisted };
      case 'claimed':
        return { kind: 'claimed' };
      case 'failed':
        return answer;
      case 'superseded':
        return { kind: 'failed', code: 'internal' };
      default:
        return answer satisfies never;
    }
  };

  /** The next batch of these chunks, and those of them that the provider refuses. */
  const plan = ({ tenantId, target, keyVersion }: ChunksToBuy, chunks: readonly Chunk[]) =>
    deps.database.withTenant(tenantId, async (tx) => {
      const hashes = chunks.map(({ hash }) => hash);
      const refusals = await refusalsOf(tx, tenantId, { kind: { target, chunkerVersion }, hashes });
      const lacking = { target, keyVersion, chunks, refusals, maxChunks: chunks.length };
      return {
        batch: await deps.batches.next(tx, tenantId, lacking),
        rejected: hashes.filter((hash) => isRejected(refusals.get(hash))),
      };
    });

  /** What has become of chunks that other calls have claimed: vectors, or they are still being bought. */
  const look = ({ tenantId, target: asked, space: known }: ChunksToBuy, hashes: readonly string[]) =>
    deps.database.withTenant(tenantId, async (tx) => {
      const kind = { target: asked, chunkerVersion };
      const chunks = { kind, hashes };
      // A claim is refused where the space of the current chunker has a vector. While that space is being filled, another one serves.
      const [target] = await targets(tx, tenantId, kind);
      const space = known ?? target;
      const alsoStoredIn =
        target?.dimensions === space?.dimensions && target?.id !== space?.id ? target : undefined;
      // In this order: a vector that is moved to an article between two of the statements is found by one of them.
      const [{ claimed }, kept, stored, alsoStored] = await Promise.all([
        purchasesOf(tx, tenantId, chunks, undefined),
        boughtVectors(tx, tenantId, chunks),
        space === undefined ? new Map() : listChunkVectors(tx, tenantId, space.id, hashes),
        alsoStoredIn === undefined ? new Map() : listChunkVectors(tx, tenantId, alsoStoredIn.id, hashes),
      ]);
      const usable = [...kept].filter(
        ([, vector]) => space === undefined || vector.length === space.dimensions,
      );
      const found: Vectors = new Map([...usable, ...alsoStored, ...stored]);
      return { claimed, found };
    });

  const buy = async (request: ChunksToBuy): Promise<VectorsBought> => {
    const { tenantId, target } = request;
    const endsAt = performance.now() + deps.timeoutMs;
    const vectors = new Map<string, readonly number[]>();
    const rejected = new Set<string>();
    let claimed: ReadonlySet<string> = new Set();
    const lacking = () => request.chunks.filter(({ hash }) => !vectors.has(hash) && !rejected.has(hash));
    const result = (ofAll: boolean): VectorsBought => {
      if (vectors.size > 0) return { kind: 'bought', vectors, ofAll: ofAll && rejected.size === 0 };
      // A proposal of which nothing can be compared is not called new.
      return { kind: 'failed', code: rejected.size > 0 ? 'input_rejected' : 'provider_timeout' };
    };

    for (;;) {
      const free = lacking().filter(({ hash }) => !claimed.has(hash));
      const planned = free.length > 0 ? await plan(request, free) : undefined;
      for (const hash of planned?.rejected ?? []) rejected.add(hash);
      const batch = planned?.batch;
      const bought = batch && batch.chunks.length > 0 ? await call(request, batch) : undefined;
      if (batch && bought?.kind === 'failed') {
        const refused = { sent: batch.chunks, isWell: batch.isWell, failure: bought };
        const follows = await deps.batches.refused(tenantId, target, refused);
        if (follows !== 'divided') return bought;
        if (performance.now() >= endsAt) return result(false);
        continue;
      }
      if (bought?.kind === 'ok') for (const [hash, vector] of bought.vectors) vectors.set(hash, vector);

      const left = lacking().map(({ hash }) => hash);
      if (left.length === 0) return result(true);
      if (performance.now() >= endsAt) return result(false);
      const seen = await look(request, left);
      for (const [hash, vector] of seen.found) vectors.set(hash, vector);
      claimed = seen.claimed;
      // Also where nothing is claimed: the next claim may be refused for the same reason as this one.
      if (bought?.kind !== 'ok' && seen.found.size === 0) await delay(lookEveryMs);
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
function cacheKeyOf({ tenantId, keyVersion, target, space, chunks }: ChunksToBuy): string {
  const parts = [
    tenantId,
    keyVersion,
    targetIdOf(target),
    space?.id ?? null,
    ...chunks.map(({ hash }) => hash),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
