import { costWithoutUsage } from '../../domain/cost.ts';
import type { ProviderTarget } from '../../domain/provider-target.ts';
import type { Vendor } from '../catalogue/vendor.ts';
import { createBoundedFetch } from '../wire/bounded-fetch.ts';
import { classifyRefusal } from '../wire/classify-refusal.ts';
import { holdsError, parseJson, refusalCost } from '../wire/json-answer.ts';
import { postOnce } from '../wire/post-once.ts';
import type { ProviderAnswer } from '../wire/provider-answer.ts';
import { allowedAddressesOf, type ProviderConnections } from '../wire/provider-connections.ts';
import { watchSending } from '../wire/watch-sending.ts';
import { answerBytesOf, hasTooManyParts } from './answer-bounds.ts';
import { readAnsweredModel } from './answered-model.ts';
import type { Embedded } from './embedded.ts';
import type { EmbeddingProfile } from './profile.ts';
import { readAnswer } from './read-answer.ts';
import { readUsage } from './read-usage.ts';
import { embeddingsUrl, requestBody, type Side } from './request-body.ts';

/** Texts to embed, by one call. */
export interface EmbeddingRequest {
  readonly apiKey: string;
  readonly target: ProviderTarget;
  /** How the target is asked. */
  readonly profile: EmbeddingProfile;
  /** How the vendor takes the key, and what its refusals say; undefined: as most do. */
  readonly vendor: Pick<Vendor, 'auth' | 'errorWords'> | undefined;
  /** As they are sent. */
  readonly texts: readonly string[];
  readonly side: Side;
  /** The dimension that the vectors must have, if one is known. */
  readonly expectedDimensions: number | undefined;
  readonly timeoutMs: number;
}

/** A client of an embedding API. */
export interface EmbeddingClient {
  /** Makes one attempt. Never throws for anything that a provider does. */
  embed(request: EmbeddingRequest): Promise<ProviderAnswer<Embedded>>;
}

/**
 * Creates a client of OpenAI-compatible embedding APIs. Only the guard may use it. It makes its requests itself: the vendors'
 * library reads the operator's environment, and drops refusals that are not in the form of its own vendor.
 */
export function createEmbeddingClient({ connections, providerUrls }: ProviderConnections): EmbeddingClient {
  return {
    async embed({ apiKey, target, profile, vendor, texts, side, expectedDimensions, timeoutMs }) {
      const auth = vendor?.auth ?? { kind: 'bearer' };
      const headers = {
        accept: 'application/json',
        'content-type': 'application/json',
        'user-agent': 'lorekeep',
        // One header and no other: some vendors refuse a request with two.
        ...(auth.kind === 'bearer' ? { authorization: `Bearer ${apiKey}` } : { [auth.name]: apiKey }),
      };
      const asked = { inputs: texts.length, dimensions: expectedDimensions };
      const boundedFetch = createBoundedFetch({
        maxBytes: answerBytesOf(asked),
        requestHeaders: Object.keys(headers),
        connections,
        addresses: allowedAddressesOf(target, providerUrls),
      });
      const url = embeddingsUrl(target.baseUrl);
      const body = JSON.stringify(requestBody(target, profile, { side, texts }));
      const vendorWords = vendor?.errorWords ?? {};

      return watchSending(async (wasSent): Promise<ProviderAnswer<Embedded>> => {
        const posted = await postOnce(boundedFetch, url, { headers, body }, { timeoutMs, wasSent });
        if (posted.kind === 'failed') return posted;
        const { response, text } = posted;
        const answer = hasTooManyParts(text, asked) ? undefined : parseJson(text);
        const { status } = response;
        if (!response.ok) {
          const refusal = { status, body: answer ?? text, headers: response.headers, vendorWords };
          return {
            kind: 'failed',
            ...classifyRefusal(refusal),
            cost: costWithoutUsage({ sent: true, status }),
          };
        }

        const { cost, field: usage } = readUsage(answer);
        const read = holdsError(answer) ? undefined : readAnswer(answer, texts.length);
        if (read === undefined) {
          const refusal = classifyRefusal({ status, body: answer, headers: response.headers, vendorWords });
          return { kind: 'failed', ...refusal, cost: refusalCost(refusal.code, cost) };
        }
        if (expectedDimensions !== undefined && read.vectors[0]?.length !== expectedDimensions)
          return { kind: 'failed', code: 'malformed_response', hint: { kind: 'other_dimensions' }, cost };
        const answeredModel = readAnsweredModel(answer, apiKey, target.model);
        const seen = { vectors: read.form, usage, index: read.index, answeredModel };
        return { kind: 'ok', result: { vectors: read.vectors, seen }, cost };
      });
    },
  };
}
