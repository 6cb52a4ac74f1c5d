import type { Failure } from '../../domain/failures.ts';
import { targetIdOf } from '../../domain/provider-target.ts';
import { likelyTokens, tokenBound } from '../../domain/token-bound.ts';
import type { ProviderKeys } from '../../llm-config/provider-keys.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import { refusalOf } from '../admission.ts';
import type { CallResult } from '../call.ts';
import type { Catalogue } from '../catalogue/create-catalogue.ts';
import type { Vendor, VendorRerank } from '../catalogue/vendor.ts';
import type { Guard } from '../guard.ts';
import type { ProviderConnections } from '../wire/provider-connections.ts';
import type { Scores } from './read-scores.ts';
import { createRerankClient } from './rerank-client.ts';
import { documentsToSend, rerankTokens } from './rerank-request.ts';

/** Who would rerank now, or why it cannot be asked. */
export type Reranker =
  | {
      readonly kind: 'ready';
      readonly vendor: RerankVendor;
      readonly targetId: string;
      readonly keyVersion: number;
    }
  | { readonly kind: 'refused'; readonly failure: Failure };

/** A vendor that reranks. */
export interface RerankVendor extends Pick<Vendor, 'auth' | 'errorWords'> {
  readonly rerank: VendorRerank;
}

/** Texts to order, by one guarded call. */
export interface RerankCall {
  readonly tenantId: string;
  /** See `CallRequest`. */
  readonly apiKeyId: string | null;
  readonly query: string;
  /** See `GuardedRerank.documents`. */
  readonly documents: readonly string[];
  readonly reranker: Extract<Reranker, { kind: 'ready' }>;
  readonly timeoutMs: number;
}

/** Reranking through the guard. */
export interface GuardedRerank {
  /** Finds who would rerank for the tenant, before anything is prepared for it. It reserves nothing, and the call decides again. */
  find(tx: Transaction, tenantId: string): Promise<Reranker>;
  /** The first of the texts as they would be sent: as many as the vendor takes, each cut to its bounds. */
  documents(reranker: RerankCall['reranker'], query: string, texts: readonly string[]): readonly string[];
  /** Makes one guarded call for the scores of the documents, on the tenant's own key. */
  rerank(call: RerankCall): Promise<CallResult<Scores>>;
}

/** Creates the guarded reranking. Only this file holds the provider client. */
export function createGuardedRerank(deps: {
  readonly keys: Pick<ProviderKeys, 'rerankTarget'>;
  readonly guard: Guard;
  readonly catalogue: Pick<Catalogue, 'find'>;
  readonly connections: ProviderConnections;
}): GuardedRerank {
  const { keys, guard, catalogue } = deps;
  const client = createRerankClient(deps.connections);

  /** The vendor of this name, if it reranks. */
  const vendorOf = (name: string): RerankVendor | undefined => {
    const vendor = catalogue.find(name);
    return vendor === undefined || vendor.rerank === null ? undefined : { ...vendor, rerank: vendor.rerank };
  };

  return {
    async find(tx, tenantId) {
      const [target, admission] = await Promise.all([
        keys.rerankTarget(tx, tenantId),
        guard.admission(tx, tenantId, 'rerank', 'interactive'),
      ]);
      const vendor = target && vendorOf(target.vendor);
      if (vendor === undefined) return refused({ code: 'rerank_unsupported' });
      const refusal = refusalOf(admission);
      if (refusal !== undefined) return refused(refusal);
      if (admission.kind === 'no_key') return refused({ code: 'no_api_key' });
      const { key } = admission;
      return { kind: 'ready', vendor, targetId: targetIdOf(key.target), keyVersion: key.version };
    },

    documents: ({ vendor }, query, texts) => documentsToSend(query, texts, vendor.rerank),

    rerank({ query, documents, reranker: { vendor, targetId }, ...call }) {
      const tokensBy = (tokensOf: typeof tokenBound) =>
        rerankTokens(query, documents, vendor.rerank, tokensOf);
      return guard.call({
        ...call,
        operation: 'rerank',
        source: 'search',
        inputs: documents.length,
        maxTokens: tokensBy(tokenBound),
        likelyTokens: () => tokensBy(likelyTokens),
        // A search is served without it: what has no room here may have room for a vector.
        divisible: true,
        // The texts were cut for this vendor, and are for no other.
        expectedTargetId: targetId,
        send: ({ apiKey, target, timeoutMs }) =>
          client.rerank({ apiKey, target, vendor, rerank: vendor.rerank, query, documents, timeoutMs }),
        persist: async (_tx, scores) => scores,
      });
    },
  };
}

const refused = (failure: Failure): Reranker => ({ kind: 'refused', failure });
