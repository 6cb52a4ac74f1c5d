import { createHash } from 'node:crypto';
import type { Failure } from '../domain/failures.ts';
import { createSharedCache } from '../platform/async/shared-cache.ts';
import { withTimeout } from '../platform/async/with-timeout.ts';
import type { Database } from '../platform/postgres/database.ts';
import { refusalOf } from '../providers/admission.ts';
import type { GuardedEmbedding } from '../providers/embedding/guarded-embedding.ts';
import type { Guard } from '../providers/guard.ts';
import type { ProviderMetrics } from '../providers/metrics.ts';
import { type Space, serving } from '../vectors/spaces.ts';

/** A query's vector in the space that serves the tenant's searches, or why there is none. */
export type QueryVector =
  | {
      readonly kind: 'vector';
      readonly spaceId: string;
      readonly model: string;
      readonly vector: readonly number[];
    }
  /** The tenant has no vectors yet, and nothing prevents them from being made. No provider was called. */
  | { readonly kind: 'no_vectors' }
  | ({ readonly kind: 'failed' } & Failure);

export interface QueryEmbeddings {
  /**
   * Embeds a query while a person waits, by one guarded call at most. `apiKeyId` is the API key that pays from its daily
   * budget. Never throws.
   */
  embedQuery(tenantId: string, text: string, apiKeyId?: string | null): Promise<QueryVector>;
}

export interface QueryEmbeddingsDeps {
  readonly database: Database;
  readonly guard: Pick<Guard, 'admission'>;
  readonly embedding: GuardedEmbedding;
  readonly metrics: Pick<ProviderMetrics, 'callRefused'>;
  /** The limit of the provider call. */
  readonly timeoutMs: number;
  /** The limit of the whole answer, with the database and the key's custody. */
  readonly deadlineMs: number;
}

/** Who pays for a vector: the tenant, and the daily budget of its API key. */
interface Payer {
  readonly tenantId: string;
  readonly apiKeyId: string | null;
}

/** Long enough to read the next pages of a search; short enough to drop queries that nobody repeats. */
const cachedMs = 60_000;
/** The numbers in all cached vectors of a process: 16 MB, 1,300 queries of 1,536 dimensions. */
const maxCachedNumbers = 2_000_000;

/**
 * Vectors of search queries. A vector is cached for a minute and needs neither provider, custody nor budget again; equal
 * queries at the same time share one call.
 */
export function createQueryEmbeddings(deps: QueryEmbeddingsDeps): QueryEmbeddings {
  const cache = createSharedCache<QueryVector>({
    ttlMs: cachedMs,
    maxSize: maxCachedNumbers,
    sizeOf: (answer) => (answer.kind === 'vector' ? answer.vector.length : 0),
    worthKeeping: (answer) => answer.kind === 'vector',
    concernsCallerOnly: (answer) => answer.kind === 'failed' && answer.code === 'budget_exhausted',
  });

  const refuse = (refusal: Failure): QueryVector => {
    const { code } = refusal;
    deps.metrics.callRefused({ provider: 'embedding', operation: 'embedding', source: 'search', code });
    return { kind: 'failed', ...refusal };
  };

  const buy = async ({ tenantId, apiKeyId }: Payer, space: Space, text: string): Promise<QueryVector> => {
    const answer = await deps.embedding.embed({
      tenantId,
      apiKeyId,
      source: 'search',
      inputs: [text],
      side: 'query',
      timeoutMs: deps.timeoutMs,
      target: space.target,
      expectedDimensions: space.dimensions,
      persist: async (_tx, vectors) => vectors[0] ?? [],
    });
    switch (answer.kind) {
      case 'ok':
        return { kind: 'vector', spaceId: space.id, model: space.target.model, vector: answer.persisted };
      case 'failed':
        return answer;
      case 'superseded':
        // The serving vectors are those of an address to which the tenant's key does not go any more.
        return { kind: 'no_vectors' };
      case 'claimed':
        // It claims nothing.
        return { kind: 'failed', code: 'internal' };
    }
  };

  const embed = async (payer: Payer, text: string): Promise<QueryVector> => {
    const { tenantId } = payer;
    // One round trip reads all that can refuse the call. The guard would refuse it too, but after writing a call record and
    // taking it back: four more round trips in each search while a provider is away.
    const [space, admission] = await deps.database.readTenant(tenantId, (tx) =>
      Promise.all([serving(tx, tenantId), deps.guard.admission(tx, tenantId, 'embedding', 'interactive')]),
    );
    const refusal = refusalOf(admission);
    // The key, the breaker and the limits come before the space, because they are why a tenant has no vectors.
    if (admission.kind === 'no_key') return refuse({ code: 'no_api_key' });
    if (admission.kind === 'rejected') return refuse({ code: admission.code });
    if (space === undefined) {
      const isWhy = admission.kind === 'open' || admission.kind === 'limited';
      return isWhy && refusal !== undefined ? refuse(refusal) : { kind: 'no_vectors' };
    }
    // A version stands for one key for ever, so a vector is never used with another key or by another tenant.
    const name = JSON.stringify([tenantId, space.id, admission.key.version, hashOf(text)]);
    return cache.get(
      name,
      async () => (refusal === undefined ? buy(payer, space, text) : refuse(refusal)),
      payer.apiKeyId,
    );
  };

  return {
    async embedQuery(tenantId, text, apiKeyId = null) {
      try {
        // The limit ends this wait only. The call goes on for others who share it, and its vector is cached.
        return await withTimeout(embed({ tenantId, apiKeyId }, text), deps.deadlineMs, {
          kind: 'failed',
          code: 'provider_timeout',
        });
      } catch {
        return { kind: 'failed', code: 'internal' };
      }
    },
  };
}

/** A query may be private, so the cache holds its hash and not its words. */
function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
