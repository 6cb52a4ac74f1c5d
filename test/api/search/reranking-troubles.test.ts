import pg from 'pg';
import { describe, expect } from 'vitest';
import { failureTraits } from '../../../src/domain/failures.ts';
import { readTables } from '../../faults/evidence.ts';
import { type TwinStep, twinKey, twinMarker } from '../../support/provider-twin.ts';
import { chooseVendor, factsOfReranking, rerankingTenant, scoring, turningAround } from './rerank-facts.ts';

// A person's wait is short here, so that a reranker that hangs costs the tests less.
const it = factsOfReranking({ EMBEDDING_TIMEOUT_MS: '1500', GUARD_TIMEOUT_MS: '2500' });

const status = (code: number, body?: unknown): TwinStep => ({ kind: 'status', status: code, body });

describe('a search whose reranker does not work', () => {
  it.for<[string, TwinStep, keyof typeof failureTraits]>([
    ['it rejects the key', status(401), 'credential_rejected'],
    ['it has no such model', status(400, { detail: 'Model rerank-9 is not supported.' }), 'model_not_found'],
    ['it limits the rate', status(429), 'provider_rate_limited'],
    ['it wants money', status(402), 'quota_exhausted'],
    ['it fails', status(500), 'provider_unavailable'],
    ['it hangs', { kind: 'hang' }, 'provider_timeout'],
    ['it cuts the connection', { kind: 'cut', after: 'byte' }, 'provider_unavailable'],
    ['it sends a page', { kind: 'raw', body: '<html>' }, 'malformed_response'],
    [
      'it scores a text twice',
      { kind: 'raw', body: '{"data":[{"index":0,"relevance_score":1},{"index":0,"relevance_score":1}]}' },
      'malformed_response',
    ],
  ])('is served in its own order, and says why: %s', async ([_, step, code], { reranking, twin, key }) => {
    await reranking.writePumps(3);
    const plain = await reranking.search({ rerank: 'false' });
    twin.script(key, [step]);
    const { titles, meta } = await reranking.search();
    expect(titles).toEqual(plain.titles);
    const { who, nextStep } = failureTraits[code];
    expect(meta).toMatchObject({ reranked: false, rerank_reason: code, who, next_step: nextStep });
    expect(meta).toMatchObject({ fallback: false, fallback_reason: null, served_mode: 'keyword' });
    expect(twin.callsOf(key)).toHaveLength(1);
  });

  it('asks nothing of a provider without reranking', async ({ service, tenant, reranking, twin, key }) => {
    await reranking.writePumps(3);
    await chooseVendor(service, tenant, twin, key, 'mistral');
    const { meta } = await reranking.search();
    expect(meta).toMatchObject({ reranked: false, rerank_reason: 'rerank_unsupported', who: 'tenant' });
    expect(twin.callsOf(key)).toEqual([]);
  });

  it('asks nothing without a key, and nothing beyond the budget', async ({
    service,
    reranking,
    twin,
    key,
  }) => {
    await reranking.writePumps(3);
    const change = (patch: object) =>
      service.call(reranking.keys.user, 'PATCH', '/tenants/me/llm-config', patch);
    await change({ monthly_token_budget: 10 });
    expect((await reranking.search()).meta.rerank_reason).toBe('budget_exhausted');
    await change({ monthly_token_budget: null });
    await service.db.rawAsOwner(
      "update provider_keys set ciphertext = null, hint = null, status = 'none', rejected_code = null where tenant_id = $1",
      [reranking.id],
    );
    expect((await reranking.search()).meta.rerank_reason).toBe('no_api_key');
    expect(twin.callsOf(key)).toEqual([]);
  });

  it('leaves the budget to the vectors that it can still pay', async ({ service, reranking }) => {
    await reranking.writePumps(3);
    await service.call(reranking.keys.user, 'PATCH', '/tenants/me/llm-config', { monthly_token_budget: 60 });
    expect((await reranking.search()).meta.rerank_reason).toBe('budget_exhausted');
    const rows = await service.db.rawAsOwner('select exhausted_at from monthly_usage where tenant_id = $1', [
      reranking.id,
    ]);
    expect(rows.every(({ exhausted_at }) => exhausted_at === null)).toBe(true);
  });

  it('asks a model that it does not have once, and another one at once', async ({
    service,
    reranking,
    twin,
    key,
  }) => {
    await reranking.writePumps(4);
    twin.script(key, [status(400, { detail: 'Model rerank-9 is not supported.' })]);
    for (const q of ['pump', 'more pump', 'about pump'])
      expect((await reranking.search({ q })).meta.rerank_reason).toBe('model_not_found');
    expect(twin.callsOf(key)).toHaveLength(1);
    await service.db.rawAsOwner("update llm_settings set rerank_model = 'rerank-2' where tenant_id = $1", [
      reranking.id,
    ]);
    expect((await reranking.search()).meta.reranked).toBe(true);
    expect(twin.callsOf(key).map(({ model }) => model)).toEqual(['rerank-2.5', 'rerank-2']);
  });
});

describe('the breaker of reranking', () => {
  it('opens after failures, stops no vector, and is closed by a reset', async ({
    service,
    reranking,
    twin,
    key,
  }) => {
    await reranking.writePumps(3);
    twin.script(key, [], status(500));
    for (const q of ['pump', 'more pump', 'about pump'])
      expect((await reranking.search({ q })).meta.rerank_reason).toBe('provider_unavailable');
    const asked = twin.callsOf(key).length;
    expect((await reranking.search()).meta).toMatchObject({ rerank_reason: 'circuit_open', who: 'wait' });
    expect(twin.callsOf(key)).toHaveLength(asked);

    twin.script(key, []);
    await reranking.embed('Feeding the cat', 'It eats at nine.');
    await reranking.embed('Feeding the dog', 'It eats at ten.');
    const { meta } = await reranking.search({ q: 'cat eats', mode: 'hybrid' });
    expect(meta).toMatchObject({ fallback: false, served_mode: 'hybrid', rerank_reason: 'circuit_open' });
    const states = await service.call(reranking.keys.orchestrator, 'GET', '/tenants/me/providers');
    expect(states.body.data?.embedding ?? states.body.embedding).toMatchObject({
      state: 'closed',
      last_error_code: null,
    });

    await service.call(reranking.keys.user, 'POST', '/tenants/me/providers/embedding/reset', {});
    expect((await reranking.search()).meta).toMatchObject({ reranked: true });
  });

  it('and its pause are of one tenant and of reranking alone', async ({ reranking, twin, key }) => {
    await reranking.embed('Feeding the cat', 'It eats at nine.');
    await reranking.embed('Feeding the dog', 'It eats at ten.');
    await reranking.search({ q: 'nothing of both', mode: 'semantic', rerank: 'false' });
    twin.script(key, [{ kind: 'status', status: 429, headers: { 'retry-after': '60' } }]);
    const query = { q: 'nothing of both', mode: 'semantic' };
    expect((await reranking.search(query)).meta.rerank_reason).toBe('provider_rate_limited');
    // A new query needs a vector of its own, on the same key.
    const { meta } = await reranking.search({ q: 'when does it eat', mode: 'semantic' });
    expect(meta).toMatchObject({ fallback: false, rerank_reason: 'provider_rate_limited' });
  });

  it('keeps a key that may not rerank for the vectors', async ({ service, reranking, twin, key }) => {
    await reranking.writePumps(3);
    twin.script(key, [status(403, { detail: 'The IP address of this request is not allowed.' })]);
    expect((await reranking.search()).meta.rerank_reason).toBe('permission_denied');
    const settings = await service.call(reranking.keys.user, 'GET', '/tenants/me/llm-config');
    expect(settings.body.embedding_key_status).not.toBe('rejected');
  });
});

describe('a reranker that hangs', () => {
  it('holds up no search of another tenant', async ({ service, reranking, twin, key }) => {
    await reranking.writePumps(3);
    const otherKey = twinKey();
    const neighbour = await service.createTenant(otherKey);
    await chooseVendor(service, neighbour, twin, otherKey);
    const other = rerankingTenant(service, neighbour);
    await other.writePumps(3);
    twin.script(key, [], { kind: 'hang' });
    const ended: string[] = [];
    const hanging = Array.from({ length: 8 }, async (_, index) => {
      const { meta } = await reranking.search({ q: `pump ${'more '.repeat(index)}` });
      ended.push('hanging');
      return meta.rerank_reason;
    });
    await expect.poll(() => twin.callsOf(key).length).toBeGreaterThan(0);
    const { meta } = await other.search();
    ended.push('other');
    expect(meta).toMatchObject({ reranked: true });
    expect(ended[0]).toBe('other');
    expect(new Set(await Promise.all(hanging))).toEqual(new Set(['provider_timeout']));
  });
});

describe('what is reranked', () => {
  it('stands in no log, table, metric or answer of a failure, and neither does the key', async ({
    service,
    reranking,
    twin,
    key,
  }) => {
    const secret = 'zanzibarine';
    await reranking.writePumps(2);
    await reranking.write('Pump of another kind', `The pump ${secret}.`);
    for (const [index, step] of [turningAround, status(500), scoring(1, 1), status(401)].entries()) {
      twin.script(key, [step]);
      await reranking.search({ q: `pump ${'the '.repeat(index)}` });
    }
    const calls = twin.callsOf(key);
    expect(calls).toHaveLength(4);
    expect(calls.every(({ inputs }) => inputs.some((text) => text.includes(secret)))).toBe(true);
    const metrics = await service.metrics.registry.metrics();
    const tables = await textOfTables(service.db.ownerUrl);
    for (const place of [service.logLines.join('\n'), metrics, ...tables])
      for (const word of [secret, key, twinMarker]) expect(place.includes(word)).toBe(false);
    expect(metrics).toMatch(/lorekeep_provider_calls_total\{[^}]*operation="rerank"[^}]*code="ok"/);
  });
});

/** Every row of every table, as texts. */
async function textOfTables(ownerUrl: string): Promise<readonly string[]> {
  const owner = new pg.Pool({ connectionString: ownerUrl, max: 2 });
  try {
    // The articles hold their texts themselves.
    const ofArticles = /^table (articles|article_|chunk_|search_)/;
    const tables = await readTables(owner);
    return tables.filter(({ place }) => !ofArticles.test(place)).map(({ text }) => text);
  } finally {
    await owner.end();
  }
}
