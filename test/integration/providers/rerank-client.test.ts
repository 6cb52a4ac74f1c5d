import { describe, expect } from 'vitest';
import { listedVendors } from '../../../src/providers/catalogue/vendors.ts';
import { createRerankClient } from '../../../src/providers/rerank/rerank-client.ts';
import { createProviderConnections } from '../../../src/providers/wire/provider-connections.ts';
import { factsOfProvider } from '../../support/fixtures.ts';
import { type ProviderTwin, type TwinStep, twinMarker } from '../../support/provider-twin.ts';
import { targetOf } from '../../support/targets.ts';

const it = factsOfProvider().extend('ask', ({ twin, key }) => clientOf(twin, key));
const documents = ['the cat eats at nine', 'restarting the printer', 'feeding the cat'];

describe('the client of reranking', () => {
  it.for(['cohere', 'voyage', 'jina'] as const)(
    'asks %s in its own form, and reads its scores',
    async (vendor, { twin, key, ask }) => {
      const answer = await ask({ kind: 'ok' }, { vendor });
      expect(answer).toMatchObject({ kind: 'ok', cost: { kind: vendor === 'cohere' ? 'unknown' : 'told' } });
      const scores = answer.kind === 'ok' ? answer.result.map((score) => score ?? 0) : [];
      expect(scores).toHaveLength(3);
      expect(scores.indexOf(Math.max(...scores))).toBe(2);
      const [call, ...others] = twin.callsOf(key);
      expect(others).toEqual([]);
      expect(call?.url).toBe(vendor === 'cohere' ? '/v2/rerank' : '/v1/rerank');
      expect(call?.body).toMatchObject({ model: 'm', query: 'feeding the cat', documents });
      expect(call?.headers).toMatchObject({ authorization: `Bearer ${key}`, 'user-agent': 'lorekeep' });
    },
  );

  it.for<[string, TwinStep, string]>([
    ['no JSON', { kind: 'raw', body: '<html>' }, 'malformed_response'],
    ['no scores', { kind: 'raw', body: '{"data":[]}' }, 'malformed_response'],
    ['a text twice', { kind: 'raw', body: scoresOf([0, 1], [0, 2]) }, 'malformed_response'],
    ['a text that was not sent', { kind: 'raw', body: scoresOf([3, 1]) }, 'malformed_response'],
    [
      'a score that JSON cannot hold',
      { kind: 'raw', body: scoresOf([0, 1]).replace('1}', '1e999}') },
      'malformed_response',
    ],
    ['an endless answer', { kind: 'flood', bytes: 50_000_000 }, 'malformed_response'],
    ['a bad key', { kind: 'status', status: 401 }, 'credential_rejected'],
    ['its rate', { kind: 'status', status: 429 }, 'provider_rate_limited'],
    ['a bill', { kind: 'status', status: 402 }, 'quota_exhausted'],
    ['a failing server', { kind: 'status', status: 500 }, 'provider_unavailable'],
    ['a page', { kind: 'status', status: 502, body: '<html>' }, 'provider_unavailable'],
    [
      'a redirect',
      { kind: 'status', status: 307, headers: { location: 'http://127.0.0.1:1/' } },
      'malformed_response',
    ],
    ['silence', { kind: 'hang' }, 'provider_timeout'],
    ['a trickle', { kind: 'trickle' }, 'provider_timeout'],
    ['a cut', { kind: 'cut', after: 'byte' }, 'provider_unavailable'],
  ])(
    'makes a code of %s, in one attempt and without a word of the vendor',
    async ([_, step, code], { twin, key, ask }) => {
      const answer = await ask(step);
      expect(answer).toMatchObject({ kind: 'failed', code });
      expect(twin.callsOf(key)).toHaveLength(1);
      const told = JSON.stringify(answer);
      for (const secret of [twinMarker, key, ...documents]) expect(told).not.toContain(secret);
    },
  );

  it('keeps what an answer without scores has cost', async ({ ask }) => {
    const body = '{"data":[],"usage":{"total_tokens":57}}';
    const answer = await ask({ kind: 'raw', body });
    expect(answer).toMatchObject({ cost: { kind: 'told', inputTokens: 57, outputTokens: 0 } });
    expect(await ask({ kind: 'status', status: 401 })).toMatchObject({ cost: { kind: 'free' } });
  });

  it('connects to no private address where tenants may choose public ones only', async ({
    twin,
    key,
    ask,
  }) => {
    const answer = await ask({ kind: 'ok' }, { providerUrls: 'public' });
    expect(answer).toMatchObject({ kind: 'failed', code: 'address_forbidden', cost: { kind: 'free' } });
    expect(twin.callsOf(key)).toEqual([]);
  });
});

const scoresOf = (...pairs: readonly (readonly [index: number, score: number])[]) =>
  JSON.stringify({ data: pairs.map(([index, relevance_score]) => ({ index, relevance_score })) });

interface Asked {
  readonly vendor?: 'cohere' | 'voyage' | 'jina';
  readonly providerUrls?: 'any' | 'public';
}

/** Asks the twin once, after a script, as a vendor is asked. */
function clientOf(twin: ProviderTwin, key: string) {
  return async (step: TwinStep, { vendor: name = 'voyage', providerUrls = 'any' }: Asked = {}) => {
    const vendor = listedVendors.find((each) => each.name === name);
    if (!vendor?.rerank) throw new Error(`${name} has no reranking`);
    twin.script(key, [step]);
    const client = createRerankClient(createProviderConnections(providerUrls));
    return client.rerank({
      apiKey: key,
      target: targetOf('m', {
        vendor: name,
        baseUrl: twin.baseUrl.replace('/v1', vendor.rerank.path.ofEmbeddings),
      }),
      vendor,
      rerank: vendor.rerank,
      query: 'feeding the cat',
      documents,
      timeoutMs: step.kind === 'hang' || step.kind === 'trickle' ? 300 : 5_000,
    });
  };
}
