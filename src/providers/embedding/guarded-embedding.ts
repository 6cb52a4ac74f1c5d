import type { CallSource, KeyReference } from '../../domain/operations.ts';
import { type ProviderTarget, targetIdOf } from '../../domain/provider-target.ts';
import { likelyTokens, tokenBound, tokensAroundInput } from '../../domain/token-bound.ts';
import type { ProviderKeys } from '../../llm-config/provider-keys.ts';
import type { CandidateKey } from '../../llm-config/trial.ts';
import type { Database, Transaction } from '../../platform/postgres/database.ts';
import type { CallResult, Claim } from '../call.ts';
import type { Catalogue } from '../catalogue/create-catalogue.ts';
import type { Guard } from '../guard.ts';
import type { ProviderConnections } from '../wire/provider-connections.ts';
import { createDiscovery } from './discovery.ts';
import type { Embedded } from './embedded.ts';
import { createEmbeddingClient } from './embedding-client.ts';
import type { EmbeddingProfile } from './profile.ts';
import type { ProfileCache, WorkedCall } from './profile-cache.ts';
import { requestBody, type Side, textsToSend } from './request-body.ts';
import type { Seat, SharedPart } from './shared-call.ts';

/** Texts to embed, by one guarded call. */
export interface EmbeddingCall<K> {
  readonly tenantId: string;
  readonly source: CallSource;
  readonly articleId?: string;
  /** See `CallRequest`. */
  readonly apiKeyId?: string | null;
  readonly inputs: readonly string[];
  readonly side: Side;
  readonly timeoutMs: number;
  /** See `CallRequest`. Without it the tenant's current target is asked, after a look at the settings. */
  readonly target?: ProviderTarget;
  readonly expectedTargetId?: string;
  readonly evenIfRejected?: boolean;
  /** See `CallRequest`. */
  readonly candidate?: CandidateKey;
  readonly divisible?: boolean;
  readonly suspect?: boolean;
  readonly claim?: Claim;
  /**
   * Dimension of the space that the vectors are for, if it is known. Vectors of another one are a `malformed_response`.
   */
  readonly expectedDimensions?: number;
  /** Finds out anew how the target is used, whatever is known of it. */
  readonly anew?: boolean;
  /** Takes what a call that worked has found out, which is not stored then. */
  readonly onFound?: (worked: WorkedCall) => void;
  /** Sends the texts together with those of other calls in the same form. */
  readonly seat?: Seat | undefined;
  persist(tx: Transaction, vectors: readonly (readonly number[])[], key: KeyReference): Promise<K>;
}

/** A call of which it is known what it will ask. */
export type TargetedCall<K> = EmbeddingCall<K> & { readonly asked: ProviderTarget };

/** Embedding through the guard. */
export interface GuardedEmbedding {
  /**
   * Makes a guarded call for vectors, on the tenant's own key. Where the provider refuses an optional field of the request, or
   * nothing is known of it yet, other guarded calls come before: see `createDiscovery` for how many at most.
   */
  embed<K>(request: EmbeddingCall<K>): Promise<CallResult<K>>;
}

/** One guarded call for vectors, with this profile. */
export type AskOnce = <K>(
  call: TargetedCall<K>,
  profiles: { readonly known: EmbeddingProfile; readonly used: EmbeddingProfile },
) => Promise<CallResult<K>>;

/** Creates the guarded embedding. Only this file holds the provider client. */
export function createGuardedEmbedding(deps: {
  readonly database: Pick<Database, 'withTenant'>;
  readonly keys: Pick<ProviderKeys, 'embeddingTarget'>;
  readonly guard: Guard;
  readonly catalogue: Pick<Catalogue, 'find'>;
  readonly cache: ProfileCache;
  readonly connections: ProviderConnections;
}): GuardedEmbedding {
  const { guard, catalogue, cache } = deps;
  const client = createEmbeddingClient(deps.connections);
  const currentTarget = (tenantId: string) =>
    deps.database.withTenant(tenantId, (tx) => deps.keys.embeddingTarget(tx, tenantId));

  const askOnce: AskOnce = async (
    { inputs, side, articleId, expectedDimensions, anew = false, asked, onFound, seat, ...call },
    profiles,
  ) => {
    const { tenantId } = call;
    const { known, used } = profiles;
    // The side of a text is part of the target's identity, so the target that the guard finds sends the same texts.
    const texts = textsToSend(asked, side, inputs);
    const maxTokens = sumOver(texts, tokenBound);
    const result = await guard.call({
      ...call,
      operation: 'embedding',
      inputs: inputs.length,
      maxTokens,
      likelyTokens: () => sumOver(texts, likelyTokens),
      ...(articleId === undefined ? {} : { subjectId: articleId }),
      send({ apiKey, target, timeoutMs }) {
        const dimensions = expectedDimensions ?? target.dimensions ?? undefined;
        const make: SharedPart['make'] = (together, withinMs) =>
          client.embed({
            ...{ apiKey, texts: together, side, timeoutMs: withinMs, target, profile: used },
            vendor: catalogue.find(target.vendor),
            expectedDimensions: dimensions,
          });
        if (seat === undefined) return make(texts, timeoutMs);
        const form = JSON.stringify([target, dimensions, requestBody(target, used, { side, texts: [] })]);
        return seat.send({ form, apiKey, texts, maxTokens, timeoutMs, make });
      },
      async persist(tx, { vectors, seen }: Embedded, key) {
        const persisted = await call.persist(tx, vectors, key);
        // Last, because vectors lock the tenant's spaces, and every call takes its locks in one order.
        const worked = { tenantId, target: asked, known, used, seen, anew };
        if (onFound !== undefined) onFound(worked);
        else if (key.targetId === targetIdOf(asked)) await cache.record(tx, worked);
        return persisted;
      },
    });
    // A trial stores nothing.
    const madeOthers = result.kind === 'failed' && result.hint?.kind === 'other_dimensions';
    if (madeOthers && asked.dimensions !== null && onFound === undefined)
      await cache.recordOtherDimensions(tenantId, asked, used);
    return result;
  };

  const ask = createDiscovery({ askOnce, catalogue, cache });
  return {
    async embed(call) {
      const { tenantId, target } = call;
      return ask({ ...call, asked: target ?? (await currentTarget(tenantId)) });
    },
  };
}

const sumOver = (texts: readonly string[], tokensOf: (text: string) => number) =>
  texts.reduce((sum, text) => sum + tokensOf(text) + tokensAroundInput, 0);
