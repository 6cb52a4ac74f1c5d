import { describe, expect } from 'vitest';
import { tokensAroundInput } from '../../../src/domain/token-bound.ts';
import { embedOnce } from '../../support/embed-once.ts';
import { factsOfService } from '../../support/fixtures.ts';
import { type ProviderTwin, twinKey } from '../../support/provider-twin.ts';
import type { RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

// Over real HTTP. The provider counts a quarter of the characters; a search of 40 characters reserves 48 tokens and costs 10.
// A search has time, so that a busy machine does not serve it by words for another reason.
const it = factsOfService(() => ({ EMBEDDING_TIMEOUT_MS: '20000', GUARD_TIMEOUT_MS: '25000' }))
  .extend('tenant', ({ service, key }) => createSearchable(service, key))
  .extend('agent', ({ service, twin, tenant, key }) => openAgent({ service, twin, tenant, key }, 500));

describe('the daily budget of an API key', () => {
  it('holds against fifty distinct searches at once: the rest is searched by words, and says why', async ({
    twin,
    key,
    agent,
  }) => {
    twin.script(key, [], { kind: 'ok', delayMs: 300 });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => agent.search(i)));
    const byMeaning = answers.filter(({ served_mode: mode }) => mode === 'semantic');
    expect(twin.mostAtOnce(key)).toBeLessThanOrEqual(Math.floor(500 / (40 + tokensAroundInput)));
    const rest = answers.filter((meta) => !byMeaning.includes(meta));
    expect(new Set(rest.map(({ fallback_reason: reason }) => reason))).toEqual(new Set(['budget_exhausted']));
    expect(agent.billed()).toBe(byMeaning.length * 10);
    expect(agent.billed()).toBeLessThanOrEqual(500);
    expect(await agent.today()).toEqual({ settled: agent.billed(), reserved: 0 });
  });

  it('ends one agent’s spending for the day, and nobody else’s', async ({ service, twin, tenant, agent }) => {
    for (let i = 0; i < 60; i += 1) await agent.search(i);
    expect(await agent.search(60)).toMatchObject({ fallback_reason: 'budget_exhausted' });
    expect(agent.billed()).toBeLessThanOrEqual(500);
    expect(agent.billed()).toBeGreaterThan(500 - (40 + tokensAroundInput));

    const colleague = await openAgent({ ...agent.given, tenant }, null);
    expect(await colleague.search(61)).toMatchObject({ served_mode: 'semantic', fallback: false });
    // The very words that the budget has just refused to the agent: its refusal is not shared.
    expect(await colleague.search(60)).toMatchObject({ served_mode: 'semantic', fallback: false });
    const otherKey = twinKey();
    const other = await createSearchable(service, otherKey);
    const stranger = await openAgent({ service, twin, tenant: other, key: otherKey }, 500);
    expect(await stranger.search(0)).toMatchObject({ served_mode: 'semantic', fallback: false });
    expect(await agent.search(62)).toMatchObject({ served_mode: 'keyword', fallback: true });
  });

  it('is not lent by a colleague who asks the same at the same time, nor does it stop one', async ({
    twin,
    tenant,
    key,
    agent,
  }) => {
    await agent.setBudget(1);
    const colleague = await openAgent({ ...agent.given, tenant }, null);
    twin.script(key, [], { kind: 'ok', delayMs: 200 });
    for (let i = 0; i < 10; i += 1) {
      const [refused, served] = await Promise.all([agent.search(i), colleague.search(i)]);
      expect(served).toMatchObject({ served_mode: 'semantic' });
      expect(['semantic', 'keyword']).toContain(refused.served_mode);
    }
    expect(await agent.today()).toEqual({ settled: 0, reserved: 0 });
  });

  it('counts what the key has used before it was set, and a raised one admits at once', async ({ agent }) => {
    await agent.setBudget(null);
    for (let i = 0; i < 3; i += 1) await agent.search(i);
    await agent.setBudget(30);
    expect(await agent.search(3)).toMatchObject({ fallback_reason: 'budget_exhausted' });
    await agent.setBudget(100);
    expect(await agent.search(4)).toMatchObject({ served_mode: 'semantic' });
  });

  it('begins anew with the day', async ({ service, tenant, agent }) => {
    await agent.setBudget(50);
    for (let i = 0; i < 5; i += 1) await agent.search(i);
    expect(await agent.search(5)).toMatchObject({ fallback_reason: 'budget_exhausted' });
    await service.db.rawAsOwner('update daily_key_usage set day = day - 1 where tenant_id = $1', [tenant.id]);
    expect(await agent.search(6)).toMatchObject({ served_mode: 'semantic' });
  });

  it('creates the article that the gate cannot judge any more', async ({ agent }) => {
    await agent.setBudget(1);
    const { status, body } = await agent.call('POST', '/articles', {
      ...{ title: 'A proposal', body: 'Words of its own.', category: 'finding' },
    });
    expect(status).toBe(201);
    expect(body.data.status).toBe('published');
    expect(body.meta.gate).toMatchObject({ verdict: 'unknown', reason: 'budget_exhausted' });
  });

  it('pays for the gate’s calls and for trials of keys, too', async ({ service, tenant, agent }) => {
    await agent.call('POST', '/articles', { title: 'A title', body: 'Some words.', category: 'finding' });
    expect((await agent.today()).settled).toBe(agent.billed());
    expect(agent.billed()).toBeGreaterThan(0);
    const user = await openAgent({ ...agent.given, tenant }, 1, 'user');
    const verified = await user.call('POST', '/tenants/me/llm-config/verify');
    expect(verified.body.data.embedding).toMatchObject({ ok: false, code: 'budget_exhausted' });
    await user.setBudget(100);
    expect((await user.call('POST', '/tenants/me/llm-config/verify')).body.data.embedding.ok).toBe(true);
    expect((await user.today()).settled).toBe(2);
    const report = await service.call(
      tenant.keys.orchestrator,
      'GET',
      '/knowledge/llm-usage?group_by=api_key',
    );
    const tokens = new Map(
      report.body.data.map((row: { api_key_id: string; input_tokens: number }) => [
        row.api_key_id,
        row.input_tokens,
      ]),
    );
    expect(tokens.get(agent.id)).toBe((await agent.today()).settled);
    expect(tokens.get(user.id)).toBe(2);
  });

  it('pays for the vectors of what the key writes, and another key’s articles go on', async ({
    service,
    tenant,
    agent,
  }) => {
    await agent.setBudget(1);
    const blocked = await agent.write();
    expect(await embedOnce(service, { tenantId: tenant.id, articleId: blocked })).toBe('failed');
    await service.services.steps.giveUp({ tenantId: tenant.id, articleId: blocked }, 'budget_exhausted');
    expect(await agent.statusOf(blocked)).toMatchObject({ status: 'blocked', reason: 'budget_exhausted' });
    const colleague = await openAgent({ ...agent.given, tenant }, null);
    const free = await colleague.write();
    expect(await embedOnce(service, { tenantId: tenant.id, articleId: free })).toBe('embedded');
    expect((await colleague.today()).settled).toBeGreaterThan(0);

    // Not before the day is over or the budget raised; then it starts by itself.
    const requeued = () => service.services.backlog.requeueStuck();
    await requeued();
    expect(await agent.statusOf(blocked)).toMatchObject({ status: 'blocked' });
    await agent.setBudget(10_000);
    await requeued();
    expect(await agent.statusOf(blocked)).toMatchObject({ status: 'pending', reason: null });
    expect(await embedOnce(service, { tenantId: tenant.id, articleId: blocked })).toBe('embedded');
    expect((await agent.today()).settled).toBe(agent.billedForItsText());
  });

  it('does not pay for a new model: that is the tenant’s decision', async ({ service, tenant, agent }) => {
    const written = await agent.write();
    await embedOnce(service, { tenantId: tenant.id, articleId: written });
    const before = await agent.today();
    const path = '/tenants/me/llm-config';
    await service.call(tenant.keys.user, 'PATCH', path, { embedding_model: 'another-model' });
    expect(await embedOnce(service, { tenantId: tenant.id, articleId: written })).toBe('embedded');
    expect(await agent.today()).toEqual(before);
  });

  it('is in the audit log once a day when it is used up', async ({ service, tenant, agent }) => {
    await agent.setBudget(1);
    for (let i = 0; i < 3; i += 1) await agent.search(i);
    const { body } = await service.call(
      tenant.keys.user,
      'GET',
      `/audit?action=llm.budget_reached&subject_id=${agent.id}`,
    );
    expect(body.data).toMatchObject([{ details: { percent: 100 } }]);
  });
});

/** A tenant with an article that has its vectors, so that its searches ask the provider. */
async function createSearchable(service: RunningService, embeddingKey: string): Promise<TestTenant> {
  const tenant = await service.createTenant(embeddingKey);
  const { body } = await service.call(tenant.keys.user, 'POST', '/articles', {
    ...{ title: 'Leases', body: 'A lease ends by itself.', category: 'finding', force: true },
  });
  expect(await embedOnce(service, { tenantId: tenant.id, articleId: body.data.id })).toBe('embedded');
  return tenant;
}

interface Given {
  readonly service: RunningService;
  readonly twin: ProviderTwin;
  readonly tenant: TestTenant;
  /** The tenant's embedding key. */
  readonly key: string;
}

/** A new API key of the tenant with this daily budget, and what it costs. */
async function openAgent(given: Given, budget: number | null, role = 'agent') {
  const { service, twin, tenant, key } = given;
  const made = await service.call(tenant.keys.user, 'POST', '/api-keys', {
    ...{ label: 'an agent', role, daily_token_budget: budget },
  });
  expect(made.status).toBe(201);
  const { id, key: apiKey }: { id: string; key: string } = made.body.data;
  const before = twin.callsOf(key).length;

  const call = (method: string, path: string, body?: unknown) => service.call(apiKey, method, path, body);
  const search = async (number: number) => {
    const q = `${number} is a question`.padEnd(40, ' word');
    const { status, body } = await call('GET', `/knowledge/search?mode=semantic&q=${encodeURIComponent(q)}`);
    expect(status).toBe(200);
    return body.meta;
  };
  /** Publishes an article, which skips the gate. Returns its id. */
  const write = async (): Promise<string> => {
    const { status, body } = await call('POST', '/articles', {
      ...{ title: `By ${id}`, body: `Words of ${id}.`, category: 'finding', force: true },
    });
    expect(status).toBe(201);
    return body.data.id;
  };
  const statusOf = async (articleId: string) =>
    (await call('GET', `/articles/${articleId}`)).body.data.embedding;
  const setBudget = async (tokens: number | null) => {
    const path = `/api-keys/${id}`;
    const changed = await service.call(tenant.keys.user, 'PATCH', path, { daily_token_budget: tokens });
    expect(changed.status).toBe(200);
  };
  /** What the provider has billed since this key is there, if no other key was used. */
  const billed = () =>
    twin
      .callsOf(key)
      .slice(before)
      .reduce((sum, { tokens }) => sum + tokens, 0);
  const billedForItsText = () =>
    twin
      .callsOf(key)
      .filter(({ inputs }) => inputs.some((text) => text.includes(id)))
      .reduce((sum, { tokens }) => sum + tokens, 0);
  const today = async () => {
    const [row] = await service.db.rawAsOwner(
      `select settled_tokens::int as settled, reserved_tokens::int as reserved
         from daily_key_usage where api_key_id = $1`,
      [id],
    );
    return { settled: Number(row?.settled ?? 0), reserved: Number(row?.reserved ?? 0) };
  };
  return { id, given, call, search, write, statusOf, setBudget, billed, billedForItsText, today };
}
