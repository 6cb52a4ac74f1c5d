import { costWithoutUsage } from '../../domain/cost.ts';
import type { ProviderTarget } from '../../domain/provider-target.ts';
import type { Vendor, VendorRerank } from '../catalogue/vendor.ts';
import { createBoundedFetch } from '../wire/bounded-fetch.ts';
import { classifyRefusal } from '../wire/classify-refusal.ts';
import { holdsError, parseJson, refusalCost } from '../wire/json-answer.ts';
import { postOnce } from '../wire/post-once.ts';
import type { ProviderAnswer } from '../wire/provider-answer.ts';
import { allowedAddressesOf, type ProviderConnections } from '../wire/provider-connections.ts';
import { watchSending } from '../wire/watch-sending.ts';
import { readRerankCost, readScores, type Scores } from './read-scores.ts';
import { rerankBody, rerankUrl } from './rerank-request.ts';

/** Texts to order for a query, by one call. */
export interface RerankRequest {
  readonly apiKey: string;
  readonly target: ProviderTarget;
  /** How the vendor takes the key, and what its refusals say. */
  readonly vendor: Pick<Vendor, 'auth' | 'errorWords'>;
  readonly rerank: VendorRerank;
  readonly query: string;
  /** As they are sent. */
  readonly documents: readonly string[];
  readonly timeoutMs: number;
}

/** A client of the vendors' reranking. */
export interface RerankClient {
  /** Makes one attempt. Never throws for anything that a provider does. */
  rerank(request: RerankRequest): Promise<ProviderAnswer<Scores>>;
}

/** Far more than an index and a score for each document, though not its text: a server may be anybody's. */
const bytesOfScore = 1_024;
const bytesAroundScores = 64 * 1_024;

/** Creates a client of reranking. Only the guard may use it. */
export function createRerankClient({ connections, providerUrls }: ProviderConnections): RerankClient {
  return {
    async rerank({ apiKey, target, vendor, rerank, query, documents, timeoutMs }) {
      const { auth, errorWords: vendorWords } = vendor;
      const headers = {
        accept: 'application/json',
        'content-type': 'application/json',
        'user-agent': 'lorekeep',
        ...(auth.kind === 'bearer' ? { authorization: `Bearer ${apiKey}` } : { [auth.name]: apiKey }),
      };
      const boundedFetch = createBoundedFetch({
        maxBytes: bytesAroundScores + documents.length * bytesOfScore,
        requestHeaders: Object.keys(headers),
        connections,
        addresses: allowedAddressesOf(target, providerUrls),
      });
      const url = rerankUrl(target.baseUrl, rerank);
      const body = JSON.stringify(rerankBody(target.model, query, documents, rerank));

      return watchSending(async (wasSent): Promise<ProviderAnswer<Scores>> => {
        const posted = await postOnce(boundedFetch, url, { headers, body }, { timeoutMs, wasSent });
        if (posted.kind === 'failed') return posted;
        const { response, text } = posted;
        const { status, headers: told } = response;
        const answer = parseJson(text);
        if (!response.ok) {
          const refusal = classifyRefusal({ status, body: answer ?? text, headers: told, vendorWords });
          return { kind: 'failed', ...refusal, cost: costWithoutUsage({ sent: true, status }) };
        }
        const cost = readRerankCost(answer);
        const scores = holdsError(answer) ? undefined : readScores(answer, rerank, documents.length);
        if (scores !== undefined) return { kind: 'ok', result: scores, cost };
        const refusal = classifyRefusal({ status, body: answer, headers: told, vendorWords });
        return { kind: 'failed', ...refusal, cost: refusalCost(refusal.code, cost) };
      });
    },
  };
}
