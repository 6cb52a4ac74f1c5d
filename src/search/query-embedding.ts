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

/** A query's vector, in the space that serves the tenant's searches; or why there is none. */
export type QueryVector =
  | {
      readonly kind: 'vector';
      readonly spaceId: string;
      readonly model: string;
      readonly vector: readonly number[];
    }
  /** The tenant has no vectors yet and nothing refuses to make them: nothing was called. */
  | { readonly kind: 'no_vectors' }
  | ({ readonly kind: 'failed' } & Failure);

/** What search needs of the embedding feature: one guarded call with a waiting person's patience. Never throws. */
export interface QueryEmbeddings {
  embedQuery(tenantId: string, text: string): Promise<QueryVector>;
}

export interface QueryEmbeddingsDeps {
  readonly database: Database;
  readonly guard: Pick<Guard, 'admission'>;
  readonly embedding: GuardedEmbedding;
  readonly metrics: Pick<ProviderMetrics, 'callRefused'>;
  /** One attempt while a person waits. */
  readonly timeoutMs: number;
  /** All that the person waits for, the database and the custody included. */
  readonly deadlineMs: number;
}

/** Long enough for who pages on or words it anew; short enough to forget what nobody asks any more. */
const rememberMs = 60_000;
/** Numbers of all the vectors that a process remembers: 16 MB, 1,300 queries of 1,536 dimensions. */
const rememberedNumbers = 2_000_000;

/**
 * Vectors of search queries, in the space that serves the tenant's searches. One that was bought a moment ago is used again
 * and costs nothing, whatever has become of the provider, the custody or the budget; equal queries at once share one call.
 */
export function createQueryEmbeddings(deps: QueryEmbeddingsDeps): QueryEmbeddings {
  const cache = createSharedCache<QueryVector>({
    ttlMs: rememberMs,
    maxSize: rememberedNumbers,
    sizeOf: (answer) => (answer.kind === 'vector' ? answer.vector.length : 0),
    worthKeeping: (answer) => answer.kind === 'vector',
  });

  const refuse = (refusal: Failure): QueryVector => {
    const { code } = refusal;
    deps.metrics.callRefused({ provider: 'embedding', operation: 'embedding', source: 'search', code });
    return { kind: 'failed', ...refusal };
  };

  const buy = async (tenantId: string, space: Space, text: string): Promise<QueryVector> => {
    const answer = await deps.embedding.embed({
      tenantId,
      source: 'search',
      inputs: [text],
      side: 'query',
      timeoutMs: deps.timeoutMs,
      model: space.model,
      expectedDimensions: space.dimensions,
      persist: async (_tx, vectors) => vectors[0] ?? [],
    });
    switch (answer.kind) {
      case 'ok':
        return { kind: 'vector', spaceId: space.id, model: space.model, vector: answer.persisted };
      case 'failed':
        return answer;
      case 'superseded':
        return { kind: 'failed', code: 'internal' };
    }
  };

  const embed = async (tenantId: string, text: string): Promise<QueryVector> => {
    // All that can refuse the call is read in one round trip. The guard would say the same of an open breaker, after it has
    // written a call record and taken it back: four more, in each search, for as long as a provider is away.
    const [space, admission] = await deps.database.withTenant(tenantId, (tx) =>
      Promise.all([serving(tx, tenantId), deps.guard.admission(tx, tenantId, 'embedding')]),
    );
    const refusal = refusalOf(admission);
    // Before the space: a first key that was rejected, or a provider that is away, is why there are no vectors.
    if (admission.kind === 'no_key') return refuse({ code: 'no_api_key' });
    if (admission.kind === 'rejected') return refuse({ code: 'credential_rejected' });
    if (space === undefined) {
      return admission.kind === 'open' && refusal !== undefined ? refuse(refusal) : { kind: 'no_vectors' };
    }
    // A version names one key for ever: what was bought with another key, or for another tenant, has another name.
    const name = JSON.stringify([tenantId, space.id, space.model, admission.key.version, hashOf(text)]);
    return cache.get(name, async () =>
      refusal === undefined ? buy(tenantId, space, text) : refuse(refusal),
    );
  };

  return {
    async embedQuery(tenantId, text) {
      try {
        // Of each who waits: a shared call goes on for the others, and is remembered for who comes back.
        return await withTimeout(embed(tenantId, text), deps.deadlineMs, {
          kind: 'failed',
          code: 'provider_timeout',
        });
      } catch {
        return { kind: 'failed', code: 'internal' };
      }
    },
  };
}

/** A query is somebody's words: what is remembered does not hold them. */
function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
