import pg from 'pg';
import { describe, expect } from 'vitest';
import { guidanceOf } from '../../../src/domain/failures.ts';
import { readTables } from '../../faults/evidence.ts';
import { createPieceFinder } from '../../faults/find-pieces.ts';
import { factsOfTrials } from './trial-facts.ts';

const it = factsOfTrials();

describe('a dry run', () => {
  it('makes one real call with the key of the body, and stores nothing but its record', async ({
    twin,
    key,
    candidate,
    own,
  }) => {
    const before = await own.stored();
    const answer = await own.dryRun({ embedding_api_key: `Bearer ${candidate}`, embedding_model: 'other' });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      data: {
        embedding: {
          ...{ ok: true, model: 'other', dimensions: 16 },
          profile: expect.objectContaining({ encoding: 'float', found_at: expect.any(String) }),
        },
      },
      notices: [{ path: 'embedding_api_key', message: expect.any(String) }],
    });
    expect(twin.callsOf(candidate)).toMatchObject([{ model: 'other' }]);
    expect(twin.callsOf(key)).toEqual([]);
    expect(await own.stored()).toEqual(before);
    expect(await own.ledger()).toEqual([
      {
        ...{ provider: 'embedding', operation: 'embedding', source: 'verify', model: 'other' },
        ...{ key_version: 0, api_key_id: expect.any(String) },
      },
    ]);
    expect(await own.view()).toMatchObject({ embedding_model: null, embedding_key_status: 'unverified' });
  });

  it.for([
    [401, 'credential_rejected'],
    [403, 'permission_denied'],
    [404, 'model_not_found'],
    [402, 'quota_exhausted'],
    [429, 'provider_rate_limited'],
    [500, 'provider_unavailable'],
  ] as const)(
    'answers 200 and the code of a call that ends with %i, and the stored key is as before',
    async ([status, code], { service, twin, tenant, candidate, own }) => {
      twin.script(candidate, [], { kind: 'status', status, headers: { 'retry-after': '60' } });
      const before = await own.stored();
      for (let tries = 0; tries < 4; tries += 1) {
        const { status: told, body } = await own.dryRun({ embedding_api_key: candidate });
        expect(told).toBe(200);
        expect(body).toEqual({ data: { embedding: { ok: false, model: 'm', code, ...guidanceOf(code) } } });
      }
      expect(await own.stored()).toEqual(before);
      const states = await service.call(tenant.keys.orchestrator, 'GET', '/tenants/me/providers');
      expect(states.body.data.embedding).toMatchObject({
        ...{ state: 'closed', failures: 0, last_error_code: null, key_status: 'unverified' },
      });
      expect(states.body.data.embedding).not.toHaveProperty('limited');
    },
  );

  it('tries the stored key where the body brings none', async ({ twin, key, own }) => {
    twin.script(key, [{ kind: 'status', status: 404 }]);
    const before = await own.stored();
    expect((await own.dryRun({ embedding_model: 'gone' })).body.data.embedding).toMatchObject({
      ...{ ok: false, code: 'model_not_found', model: 'gone' },
    });
    expect((await own.dryRun({ embedding_model: 'there' })).body.data.embedding).toMatchObject({ ok: true });
    expect(twin.callsOf(key).map(({ model }) => model)).toEqual(['gone', 'there']);
    expect(await own.stored()).toEqual(before);
  });

  it('tries Anthropic with each model that the change names', async ({ twin, candidate, own }) => {
    const models = { extraction_model: 'a', classification_model: 'b', merge_model: 'a' };
    expect((await own.dryRun({ ...models, api_key: candidate })).body).toEqual({
      data: { anthropic: { ok: true, model: 'a' } },
    });
    expect(twin.callsOf(candidate).map(({ model }) => model)).toEqual(['a', 'b']);
    twin.script(candidate, [{ kind: 'ok' }, { kind: 'status', status: 404 }]);
    expect((await own.dryRun({ ...models, api_key: candidate })).body.data.anthropic).toMatchObject({
      ...{ ok: false, model: 'b', code: 'model_not_found' },
    });
  });

  it('tries both providers where the change concerns both, and none where it concerns none', async ({
    twin,
    key,
    candidate,
    own,
  }) => {
    const { data } = (await own.dryRun({ embedding_model: 'other', api_key: candidate })).body;
    expect(data).toMatchObject({
      ...{ embedding: { ok: true, model: 'other' }, anthropic: { ok: true, model: 'claude-haiku-5-5' } },
    });
    const called = twin.calls.length;
    expect((await own.dryRun({ monthly_token_budget: 5 })).body).toEqual({ data: {} });
    expect((await own.dryRun({})).body).toEqual({ data: {} });
    expect((await own.dryRun({ embedding_api_key: null })).body.data).toMatchObject({
      ...{ embedding: { ok: false, code: 'no_api_key' } },
    });
    expect((await own.dryRun({ merge_model: 'x' })).body.data).toMatchObject({
      ...{ anthropic: { ok: false, code: 'no_api_key', model: 'x' } },
    });
    expect(twin.calls).toHaveLength(called);
    expect(twin.callsOf(key)).toHaveLength(1);
  });

  it('refuses what the change itself would be refused for, and calls nothing', async ({
    twin,
    chosen,
    candidate,
    own,
  }) => {
    const called = twin.calls.length;
    const invalid = [
      { embedding_api_key: 'short' },
      { embedding_provider: 'custom', embedding_base_url: chosen.baseUrl },
      { embedding_provider: 'custom', embedding_base_url: 'ftp://x', embedding_api_key: candidate },
      { unknown: 1 },
    ];
    for (const body of invalid) {
      const [dry, real] = [await own.dryRun(body), await own.patch(body)];
      expect(dry.status, JSON.stringify(body)).toBe(422);
      expect({ ...dry.body, instance: '' }).toEqual({ ...real.body, instance: '' });
    }
    expect((await own.patch({}, '?dry_run=perhaps')).status).toBe(422);
    expect((await own.patch({}, '?dry_run=false')).body).toMatchObject({ has_embedding_key: true });
    expect([twin.calls.length, chosen.calls.length]).toEqual([called, 0]);
  });

  it('leaves the tried key in no table, no log line and no answer', async ({
    service,
    twin,
    candidate,
    own,
  }) => {
    twin.script(candidate, [{ kind: 'ok' }, { kind: 'status', status: 401 }]);
    const bodies = [{ embedding_api_key: candidate }, { embedding_api_key: candidate, verify: true }];
    const answers = [await own.dryRun(bodies[0] ?? {}), await own.patch(bodies[1] ?? {})];
    expect(answers.map(({ status }) => status)).toEqual([200, 422]);
    const finder = createPieceFinder([candidate.replace('sk-twin-', '')]);
    const owner = new pg.Pool({ connectionString: service.db.ownerUrl });
    const tables = await readTables(owner).finally(() => owner.end());
    expect(tables.some(({ text }) => text.includes('verify'))).toBe(true);
    const found = tables.filter(({ text }) => finder.find(text).length > 0);
    expect(found.map(({ place }) => place)).toEqual([]);
    expect(finder.find(service.logLines.join('\n'))).toEqual([]);
    expect(finder.find(JSON.stringify(answers))).toEqual([]);
  });

  it('is paid from the month’s budget and from the day of the API key', async ({
    service,
    tenant,
    candidate,
    own,
  }) => {
    const made = await service.call(tenant.keys.user, 'POST', '/api-keys', {
      ...{ label: 'frugal', role: 'user', daily_token_budget: 1 },
    });
    const refused = await own.dryRun({ embedding_api_key: candidate }, made.body.data.key);
    expect(refused.body.data.embedding).toMatchObject({ ok: false, code: 'budget_exhausted' });
    const month = () =>
      service.db.rawAsOwner(
        'select settled_tokens::int as settled, reserved_tokens::int as reserved from monthly_usage where tenant_id = $1',
        [tenant.id],
      );
    expect(await month()).toEqual([]);
    await own.dryRun({ embedding_api_key: candidate });
    expect(await month()).toEqual([{ settled: 2, reserved: 0 }]);
    await own.patch({ monthly_token_budget: 2 });
    expect((await own.dryRun({ embedding_api_key: candidate })).body.data.embedding).toMatchObject({
      ...{ ok: false, code: 'budget_exhausted' },
    });
  });

  it('is for users of the tenant alone, and touches no other tenant', async ({
    service,
    twin,
    tenant,
    candidate,
    own,
  }) => {
    const other = await service.createTenant(candidate);
    const view = async () => (await service.call(other.keys.user, 'GET', '/tenants/me/llm-config')).body;
    const before = await view();
    await own.dryRun({ embedding_api_key: candidate });
    await own.patch({ embedding_api_key: candidate, verify: true });
    expect(await view()).toEqual(before);
    const called = twin.calls.length;
    for (const key of [tenant.keys.agent, tenant.keys.orchestrator])
      expect((await own.dryRun({ embedding_api_key: candidate }, key)).status).toBe(403);
    expect(twin.calls).toHaveLength(called);
  });
});
