import type { CallSource, KeyReference } from '../../domain/operations.ts';
import type { ProviderTarget } from '../../domain/provider-target.ts';
import { likelyTokens, tokenBound, tokensAroundInput } from '../../domain/token-bound.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { CallResult, Claim } from '../call.ts';
import type { Guard } from '../guard.ts';
import type { ProviderConnections } from '../wire/provider-connections.ts';
import { createEmbeddingClient } from './embedding-client.ts';

/** Texts to embed, by one guarded call. */
export interface EmbeddingCall<K> {
  readonly tenantId: string;
  readonly source: CallSource;
  readonly articleId?: string;
  /** See `CallRequest`. */
  readonly apiKeyId?: string | null;
  readonly inputs: readonly string[];
  readonly side: 'query' | 'passage';
  readonly timeoutMs: number;
  readonly target?: ProviderTarget;
  readonly expectedTargetId?: string;
  readonly evenIfRejected?: boolean;
  readonly divisible?: boolean;
  readonly suspect?: boolean;
  readonly claim?: Claim;
  /**
   * Dimension of the space that the vectors are for, if it is known. Vectors of another one are a `malformed_response`.
   */
  readonly expectedDimensions?: number;
  persist(tx: Transaction, vectors: readonly (readonly number[])[], key: KeyReference): Promise<K>;
}

/** Embedding through the guard. */
export interface GuardedEmbedding {
  /** Makes one guarded call for vectors, on the tenant's own key. */
  embed<K>(request: EmbeddingCall<K>): Promise<CallResult<K>>;
}

/** Creates the guarded embedding. Only this file holds the provider client. */
export function createGuardedEmbedding(deps: {
  readonly guard: Guard;
  readonly connections?: ProviderConnections;
}): GuardedEmbedding {
  const client = createEmbeddingClient(deps.connections);

  return {
    embed: ({ inputs, side, articleId, expectedDimensions, ...request }) =>
      deps.guard.call({
        ...request,
        operation: 'embedding',
        inputs: inputs.length,
        maxTokens: sumOver(inputs, tokenBound),
        likelyTokens: () => sumOver(inputs, likelyTokens),
        ...(articleId === undefined ? {} : { subjectId: articleId }),
        async send({ apiKey, target, timeoutMs }) {
          const answer = await client.embed({ apiKey, target, inputs, side, timeoutMs });
          const isOfOtherSpace =
            answer.kind === 'ok' &&
            expectedDimensions !== undefined &&
            answer.result[0]?.length !== expectedDimensions;
          return isOfOtherSpace ? { kind: 'failed', code: 'malformed_response', cost: answer.cost } : answer;
        },
      }),
  };
}

const sumOver = (inputs: readonly string[], tokensOf: (text: string) => number) =>
  inputs.reduce((sum, text) => sum + tokensOf(text) + tokensAroundInput, 0);
