import pg from 'pg';
import { describe, expect, vi } from 'vitest';
import { estimateTokens } from '../../src/domain/tokens.ts';
import { createPieceFinder } from '../faults/find-pieces.ts';
import type { Answer } from '../support/answer.ts';
import { factsOfService, linkToVault } from '../support/fixtures.ts';
import { eventually, startService } from '../support/running-service.ts';
import { openMs, status, troubles } from './search-troubles.ts';
import { openSearchingTenants } from './searching-tenants.ts';

// What a search answers when its vector cannot be had. Over real HTTP; no Temporal server can be reached in all of it, so
// the vectors are made by the workflow's own steps.
const model = 'a-model';
const it = factsOfService()
  .extend('vault', { scope: 'file' }, linkToVault)
  .extend('service', { scope: 'file' }, async ({ twin, vault }, { onCleanup }) => {
    const service = await startService({
      EMBEDDING_BASE_URL: twin.baseUrl,
      EMBEDDING_DEFAULT_MODEL: model,
      EMBEDDING_TIMEOUT_MS: '1500',
      GUARD_TIMEOUT_MS: '4500',
      BREAKER_OPEN_MS: String(openMs),
      VAULT_ADDR: vault.url,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
    });
    onCleanup(() => service.close());
    return service;
  })
  .extend('tenants', { scope: 'file' }, ({ twin, vault, service }) =>
    openSearchingTenants({ twin, vault, service }),
  );

describe.each(['semantic', 'hybrid'])('a %s search', (mode) => {
  const served = { mode, served_mode: mode, fallback: false, fallback_reason: null, retry_at: null };

  it('is served as asked, with no Temporal anywhere', async ({ service, tenants }) => {
    expect(await service.services.temporal.isReady()).toBe(false);
    const of = await tenants.create();
    const answer = await tenants.search(of, mode);
    expect(answer.status).toBe(200);
    expect(answer.body.meta).toMatchObject({ ...served, coverage: { published: 1, embedded: 1 } });
    expect(found(answer)).toEqual([
      { id: of.articleId, matched: mode === 'hybrid' ? ['keyword', 'semantic'] : ['semantic'] },
    ]);
    expect(await tenants.ledgerOf(of)).toHaveLength(1);
  });

  it.for(troubles.map((trouble) => [trouble.name, trouble] as const))(
    'is served by keywords where %s, and another tenant’s is not',
    async ([_name, trouble], { twin, tenants }) => {
      const of = trouble.early ? await tenants.createWithoutVectors() : await tenants.create();
      const neighbour = await tenants.create();
      await trouble.begin(of, tenants);
      const callsBefore = twin.calls.length;
      const beforeMs = Date.now();
      const [answer, others] = await Promise.all([tenants.search(of, mode), tenants.search(neighbour, mode)]);
      const afterMs = Date.now();
      await trouble.end?.(tenants);

      expect(answer.status).toBe(200);
      const { retry_at: retryAt, ...meta } = answer.body.meta;
      expect(meta).toMatchObject({
        mode,
        served_mode: 'keyword',
        fallback: true,
        fallback_reason: trouble.reason,
        coverage: { published: 1, embedded: trouble.early ? 0 : 1 },
      });
      expect(found(answer)).toEqual([{ id: of.articleId, matched: ['keyword'] }]);
      if (trouble.retryInMs === undefined) expect(retryAt).toBeNull();
      else if ('exactly' in trouble.retryInMs) {
        expect(Date.parse(retryAt)).toBeGreaterThanOrEqual(beforeMs + trouble.retryInMs.exactly);
        expect(Date.parse(retryAt)).toBeLessThanOrEqual(afterMs + trouble.retryInMs.exactly);
      } else {
        expect(Date.parse(retryAt)).toBeGreaterThan(beforeMs);
        expect(Date.parse(retryAt)).toBeLessThanOrEqual(afterMs + trouble.retryInMs.atMost);
      }
      // The neighbour's one call is among them.
      expect(twin.calls.length - callsBefore).toBe(trouble.calls + 1);
      expect(others.body.meta).toMatchObject(served);
      expect(found(others)[0].id).toBe(neighbour.articleId);
    },
  );

  it('is served by keywords for a tenant that never had a key', async ({ service, tenants }) => {
    const tenant = await service.createTenant();
    const articleId = await tenants.write({ tenant }, 'Lanterns');
    const answer = await tenants.search({ tenant }, mode);
    expect(answer.status).toBe(200);
    expect(answer.body.meta).toMatchObject({
      ...{ mode, served_mode: 'keyword', fallback: true, fallback_reason: 'no_api_key', retry_at: null },
      coverage: { published: 1, embedded: 0 },
    });
    expect(found(answer)).toEqual([{ id: articleId, matched: ['keyword'] }]);
  });

  it('says when the calls that hold the rest of the budget back will be over', async ({
    twin,
    service,
    tenants,
  }) => {
    const of = await tenants.create();
    const [usage] = await service.db.rawAsOwner(
      'select settled_tokens::int as spent from monthly_usage where tenant_id = $1',
      [of.tenant.id],
    );
    // Room for one such query and not for two.
    const oneQuery = estimateTokens('wick lantern') + 8;
    const monthly_token_budget = Number(usage?.spent) + Math.ceil(oneQuery * 1.5);
    await tenants.call(of, 'PATCH', '/tenants/me/llm-config', { monthly_token_budget });
    tenants.always(of, { kind: 'ok', delayMs: 800 });
    const before = twin.callsOf(of.key).length;
    const first = tenants.search(of, mode, 'lantern wick');
    await eventually(async () => (twin.callsOf(of.key).length > before ? true : undefined));
    const second = await tenants.search(of, mode);
    expect(second.body.meta).toMatchObject({ served_mode: 'keyword', fallback_reason: 'budget_exhausted' });
    expect(Date.parse(second.body.meta.retry_at)).toBeGreaterThan(Date.now());
    expect((await first).body.meta).toMatchObject(served);
  });

  it('is served from memory through every outage, when it was asked a moment before', async ({
    vault,
    tenants,
  }) => {
    const of = await tenants.create();
    const before = await tenants.search(of, mode);
    tenants.always(of, status(500));
    for (const q of ['one', 'two', 'three']) await tenants.search(of, mode, q);
    await tenants.call(of, 'PATCH', '/tenants/me/llm-config', { monthly_token_budget: 0 });
    await vault.cut();
    const after = await tenants.search(of, mode).finally(() => vault.restore());
    expect(after.body).toEqual(before.body);
    expect(after.body.meta).toMatchObject(served);
    // The one that was answered, and the three that were perhaps paid.
    expect(await tenants.ledgerOf(of)).toHaveLength(1 + 3);
  });

  it('of fifty at once is one provider call and one row of the ledger', async ({ twin, tenants }) => {
    const of = await tenants.create();
    tenants.always(of, { kind: 'ok', delayMs: 300 });
    const before = twin.callsOf(of.key).length;
    const all = await Promise.all(Array.from({ length: 50 }, () => tenants.search(of, mode)));
    for (const each of all) expect(each.body).toEqual(all[0]?.body);
    expect(all[0]?.body.meta).toMatchObject(served);
    expect(twin.callsOf(of.key).length - before).toBe(1);
    expect(await tenants.ledgerOf(of)).toHaveLength(1);
  });

  it('asks the old model while a change of model is under way, and the new one after it', async ({
    twin,
    tenants,
  }) => {
    const of = await tenants.create();
    const changed = await tenants.call(of, 'PATCH', '/tenants/me/llm-config', {
      embedding_model: 'next-model',
    });
    expect(changed.status).toBe(200);
    const newer = await tenants.write(of, 'Newer lanterns');
    const during = await tenants.search(of, mode);
    expect(during.body.meta).toMatchObject({ ...served, coverage: { published: 2, embedded: 1 } });
    expect(found(during)[0].id).toBe(of.articleId);
    expect(twin.callsOf(of.key).at(-1)).toMatchObject({ model, inputs: ['wick lantern'] });

    await tenants.embed(of, newer);
    const halfway = await tenants.search(of, mode);
    expect(halfway.body.meta).toMatchObject({ ...served, coverage: { published: 2, embedded: 1 } });

    await tenants.embed(of, of.articleId);
    const after = await tenants.search(of, mode);
    expect(after.body.meta).toMatchObject({ ...served, coverage: { published: 2, embedded: 2 } });
    expect(twin.callsOf(of.key).at(-1)).toMatchObject({ model: 'next-model', inputs: ['wick lantern'] });
    expect(
      found(after)
        .map(({ id }: { id: string }) => id)
        .sort(),
    ).toEqual([newer, of.articleId].sort());
  });

  it('with the breaker open is keyword’s own work and one look at what would refuse the call', async ({
    twin,
    tenants,
  }) => {
    const of = await tenants.create();
    tenants.always(of, status(500));
    for (const q of ['one', 'two', 'three']) await tenants.search(of, mode, q);
    const calls = twin.calls.length;
    const statementsOf = async (asked: string) => {
      await tenants.search(of, asked);
      const query = vi.spyOn(pg.Client.prototype, 'query');
      try {
        const { body } = await tenants.search(of, asked);
        expect(body.meta.fallback_reason).toBe(asked === 'keyword' ? null : 'circuit_open');
        return query.mock.calls.length;
      } finally {
        query.mockRestore();
      }
    };
    const keyword = await statementsOf('keyword');
    expect(keyword).toBeGreaterThan(3);
    // A transaction for begin, the space, the key, the breaker, the limits, commit. Beside it words are ranked, and the page is read,
    // on connections of their own, each with its begin and its commit.
    expect((await statementsOf(mode)) - keyword).toBeLessThanOrEqual(6 + 4);
    expect(twin.calls.length).toBe(calls);
  });
});

it('has let no piece of a key into an answer or the log', ({ service, tenants }) => {
  expect(tenants.answers.length).toBeGreaterThan(100);
  expect(tenants.keys.length).toBeGreaterThan(2 * troubles.length);
  const finder = createPieceFinder(tenants.keys);
  expect(finder.find(tenants.answers.join('\n'))).toEqual([]);
  expect(finder.find(service.logLines.join('\n'))).toEqual([]);
});

const found = ({ body }: Answer) =>
  body.data.map(({ id, matched }: { id: string; matched: string[] }) => ({ id, matched }));
