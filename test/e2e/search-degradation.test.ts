import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { estimateTokens } from '../../src/domain/tokens.ts';
import { canaryKey } from '../faults/canaries.ts';
import { createPieceFinder } from '../faults/find-pieces.ts';
import type { Answer } from '../support/answer.ts';
import { type CuttableLink, createCuttableLink } from '../support/cuttable-link.ts';
import { type ProviderTwin, startProviderTwin, type TwinStep } from '../support/provider-twin.ts';
import { eventually, type RunningService, startService } from '../support/running-service.ts';
import type { TestTenant } from '../support/test-services.ts';

// What a search answers when its vector cannot be had. Over real HTTP; no Temporal server can be reached in all of it, so
// the vectors are made by the workflow's own steps.
const timeoutMs = 1_500;
const openMs = 30_000;
const model = 'a-model';

let twin: ProviderTwin;
let vault: CuttableLink;
let service: RunningService;
const answers: string[] = [];
const keys: string[] = [];

beforeAll(async () => {
  twin = await startProviderTwin();
  vault = await createCuttableLink(inject('vaultAddr'));
  service = await startService({
    EMBEDDING_BASE_URL: twin.baseUrl,
    EMBEDDING_DEFAULT_MODEL: model,
    EMBEDDING_TIMEOUT_MS: String(timeoutMs),
    GUARD_TIMEOUT_MS: '4500',
    BREAKER_OPEN_MS: String(openMs),
    VAULT_ADDR: vault.url,
    TEMPORAL_ADDRESS: '127.0.0.1:1',
  });
});
afterAll(async () => {
  await service.close();
  await vault.close();
  await twin.close();
});

interface Standing {
  readonly tenant: TestTenant;
  /** The tenant's key at the provider. */
  readonly key: string;
  readonly articleId: string;
}

function newKey(): string {
  const key = canaryKey();
  keys.push(key);
  return key;
}

async function call({ tenant }: Pick<Standing, 'tenant'>, method: string, path: string, body?: unknown) {
  const answer = await service.call(tenant.keys.user, method, path, body);
  answers.push(JSON.stringify(answer.body));
  return answer;
}

async function write(of: Pick<Standing, 'tenant'>, title: string): Promise<string> {
  const { status, body } = await call(of, 'POST', '/articles', {
    ...{ title, body: 'Trim the wick of the lantern every evening.', category: 'playbook', force: true },
  });
  expect(status).toBe(201);
  return body.data.id;
}

/** The walk of the workflow, without the workflow. */
async function tryToEmbed({ tenant }: Pick<Standing, 'tenant'>, articleId: string) {
  const { steps } = service.services;
  const article = { tenantId: tenant.id, articleId };
  const resolved = await steps.resolveKey(article);
  if (resolved.kind !== 'reference') throw new Error(resolved.kind);
  const check = await steps.checkContentHash(article, resolved.key);
  if (check.kind !== 'missing') throw new Error(check.kind);
  return steps.generate(article, resolved.key, check.contentHash);
}

async function embed(of: Pick<Standing, 'tenant'>, articleId: string): Promise<void> {
  expect(await tryToEmbed(of, articleId)).toMatchObject({ kind: 'embedded' });
}

/** A tenant with one article that waits for its vectors. */
async function standWithoutVectors(): Promise<Standing> {
  const key = newKey();
  const tenant = await service.createTenant(key);
  const articleId = await write({ tenant }, 'Lanterns');
  return { tenant, key, articleId };
}

/** A tenant with one article, embedded. */
async function stand(): Promise<Standing> {
  const standing = await standWithoutVectors();
  await embed(standing, standing.articleId);
  return standing;
}

const search = (of: Pick<Standing, 'tenant'>, mode: string, q = 'wick lantern') =>
  call(of, 'GET', `/knowledge/search?mode=${mode}&q=${encodeURIComponent(q)}`);
const found = ({ body }: Answer) =>
  body.data.map(({ id, matched }: { id: string; matched: string[] }) => ({ id, matched }));
const always = ({ key }: Standing, step: TwinStep) => twin.script(key, [], step);
const status = (code: number, headers: Record<string, string> = {}): TwinStep => ({
  kind: 'status',
  status: code,
  headers,
});
const ledgerOf = ({ tenant }: Standing) =>
  service.db.rawAsOwner(`select 1 from usage_ledger where tenant_id = $1 and source = 'search'`, [tenant.id]);

interface Trouble {
  readonly name: string;
  /** Whether it came before the tenant's first vectors. */
  readonly early?: true;
  begin(of: Standing): unknown;
  end?(): unknown;
  readonly reason: string;
  /** Provider calls that the search makes: one attempt or none. */
  readonly calls: 0 | 1;
  /** The most that `retry_at` lies ahead; none where nobody knows when. `exactly`: it was said so. */
  readonly retryInMs?: { readonly exactly: number } | { readonly atMost: number };
}

const troubles: readonly Trouble[] = [
  {
    name: 'the key was removed',
    begin: ({ tenant }) => tenant.setEmbeddingKey(null),
    reason: 'no_api_key',
    calls: 0,
  },
  {
    name: 'the provider rejects the key',
    begin: (of) => always(of, status(401)),
    reason: 'credential_rejected',
    calls: 1,
  },
  {
    name: 'the provider has rejected the key before',
    async begin(of) {
      always(of, status(403));
      await search(of, 'semantic', 'the search that found it out');
    },
    reason: 'credential_rejected',
    calls: 0,
  },
  {
    name: 'the breaker is open',
    async begin(of) {
      always(of, status(500));
      for (const q of ['one', 'two', 'three']) await search(of, 'semantic', q);
    },
    reason: 'circuit_open',
    calls: 0,
    retryInMs: { atMost: openMs },
  },
  {
    name: 'the provider has rejected the first key',
    early: true,
    async begin(of) {
      always(of, status(401));
      expect(await tryToEmbed(of, of.articleId)).toMatchObject({ code: 'credential_rejected' });
    },
    reason: 'credential_rejected',
    calls: 0,
  },
  {
    name: 'the breaker is open since before the first vectors',
    early: true,
    async begin(of) {
      always(of, status(500));
      for (let i = 0; i < 3; i += 1) await tryToEmbed(of, of.articleId);
    },
    reason: 'circuit_open',
    calls: 0,
    retryInMs: { atMost: openMs },
  },
  {
    name: 'the provider does not answer in time',
    begin: (of) => always(of, { kind: 'hang' }),
    reason: 'provider_timeout',
    calls: 1,
  },
  {
    name: 'the provider cuts the connection',
    begin: (of) => always(of, { kind: 'cut', after: 'nothing' }),
    reason: 'provider_unavailable',
    calls: 1,
  },
  {
    name: 'the provider limits the rate and says for how long',
    begin: (of) => always(of, status(429, { 'retry-after': '7' })),
    reason: 'provider_rate_limited',
    calls: 1,
    retryInMs: { exactly: 7_000 },
  },
  {
    name: 'the provider limits the rate and does not say for how long',
    begin: (of) => always(of, status(429)),
    reason: 'provider_rate_limited',
    calls: 1,
  },
  {
    name: 'the quota at the provider is used up',
    begin: (of) => always(of, status(402)),
    reason: 'quota_exhausted',
    calls: 1,
  },
  {
    name: 'the monthly budget is used up',
    begin: (of) => call(of, 'PATCH', '/tenants/me/llm-config', { monthly_token_budget: 0 }),
    reason: 'budget_exhausted',
    calls: 0,
  },
  {
    name: 'Vault is gone',
    async begin(of) {
      // The key before it is open in memory still: a new one has to be opened.
      await of.tenant.setEmbeddingKey(newKey());
      await vault.cut();
    },
    end: () => vault.restore(),
    reason: 'vault_unavailable',
    calls: 0,
  },
  {
    name: 'the stored key is another tenant’s',
    async begin({ tenant }) {
      const other = await service.createTenant(newKey());
      await service.db.rawAsOwner(
        `update provider_keys k set ciphertext = o.ciphertext
           from provider_keys o where k.tenant_id = $1 and o.tenant_id = $2 and o.provider = k.provider`,
        [tenant.id, other.id],
      );
    },
    reason: 'key_unusable',
    calls: 0,
  },
  {
    name: 'the provider answers with another dimension',
    begin: (of) => always(of, { kind: 'ok', dimensions: 8 }),
    reason: 'malformed_response',
    calls: 1,
  },
  {
    name: 'the provider does not know the model',
    begin: (of) => always(of, status(404)),
    reason: 'model_not_found',
    calls: 1,
  },
  {
    name: 'the provider rejects the query',
    begin: (of) => always(of, status(422)),
    reason: 'input_rejected',
    calls: 1,
  },
];

describe.each(['semantic', 'hybrid'])('a %s search', (mode) => {
  const served = { mode, served_mode: mode, fallback: false, fallback_reason: null, retry_at: null };

  it('is served as asked, with no Temporal anywhere', async () => {
    expect(await service.services.temporal.isReady()).toBe(false);
    const of = await stand();
    const answer = await search(of, mode);
    expect(answer.status).toBe(200);
    expect(answer.body.meta).toMatchObject({ ...served, coverage: { published: 1, embedded: 1 } });
    expect(found(answer)).toEqual([
      { id: of.articleId, matched: mode === 'hybrid' ? ['keyword', 'semantic'] : ['semantic'] },
    ]);
    expect(await ledgerOf(of)).toHaveLength(1);
  });

  it.each(troubles.map((trouble) => [trouble.name, trouble] as const))(
    'is served by keywords where %s, and another tenant’s is not',
    async (_name, trouble) => {
      const of = trouble.early ? await standWithoutVectors() : await stand();
      const neighbour = await stand();
      await trouble.begin(of);
      const callsBefore = twin.calls.length;
      const beforeMs = Date.now();
      const [answer, others] = await Promise.all([search(of, mode), search(neighbour, mode)]);
      const afterMs = Date.now();
      await trouble.end?.();

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

  it('is served by keywords for a tenant that never had a key', async () => {
    const tenant = await service.createTenant();
    const articleId = await write({ tenant }, 'Lanterns');
    const answer = await search({ tenant }, mode);
    expect(answer.status).toBe(200);
    expect(answer.body.meta).toMatchObject({
      ...{ mode, served_mode: 'keyword', fallback: true, fallback_reason: 'no_api_key', retry_at: null },
      coverage: { published: 1, embedded: 0 },
    });
    expect(found(answer)).toEqual([{ id: articleId, matched: ['keyword'] }]);
  });

  it('says when the calls that hold the rest of the budget back will be over', async () => {
    const of = await stand();
    const [usage] = await service.db.rawAsOwner(
      'select settled_tokens::int as spent from monthly_usage where tenant_id = $1',
      [of.tenant.id],
    );
    // Room for one such query and not for two.
    const oneQuery = estimateTokens('wick lantern') + 8;
    const monthly_token_budget = Number(usage?.spent) + Math.ceil(oneQuery * 1.5);
    await call(of, 'PATCH', '/tenants/me/llm-config', { monthly_token_budget });
    always(of, { kind: 'ok', delayMs: 800 });
    const before = twin.callsOf(of.key).length;
    const first = search(of, mode, 'lantern wick');
    await eventually(async () => (twin.callsOf(of.key).length > before ? true : undefined));
    const second = await search(of, mode);
    expect(second.body.meta).toMatchObject({ served_mode: 'keyword', fallback_reason: 'budget_exhausted' });
    expect(Date.parse(second.body.meta.retry_at)).toBeGreaterThan(Date.now());
    expect((await first).body.meta).toMatchObject(served);
  });

  it('is served from memory through every outage, when it was asked a moment before', async () => {
    const of = await stand();
    const before = await search(of, mode);
    always(of, status(500));
    for (const q of ['one', 'two', 'three']) await search(of, mode, q);
    await call(of, 'PATCH', '/tenants/me/llm-config', { monthly_token_budget: 0 });
    await vault.cut();
    const after = await search(of, mode).finally(() => vault.restore());
    expect(after.body).toEqual(before.body);
    expect(after.body.meta).toMatchObject(served);
    expect(await ledgerOf(of)).toHaveLength(1);
  });

  it('of fifty at once is one provider call and one row of the ledger', async () => {
    const of = await stand();
    always(of, { kind: 'ok', delayMs: 300 });
    const before = twin.callsOf(of.key).length;
    const all = await Promise.all(Array.from({ length: 50 }, () => search(of, mode)));
    for (const each of all) expect(each.body).toEqual(all[0]?.body);
    expect(all[0]?.body.meta).toMatchObject(served);
    expect(twin.callsOf(of.key).length - before).toBe(1);
    expect(await ledgerOf(of)).toHaveLength(1);
  });

  it('asks the old model while a change of model is under way, and the new one after it', async () => {
    const of = await stand();
    const changed = await call(of, 'PATCH', '/tenants/me/llm-config', { embedding_model: 'next-model' });
    expect(changed.status).toBe(200);
    const newer = await write(of, 'Newer lanterns');
    const during = await search(of, mode);
    expect(during.body.meta).toMatchObject({ ...served, coverage: { published: 2, embedded: 1 } });
    expect(found(during)[0].id).toBe(of.articleId);
    expect(twin.callsOf(of.key).at(-1)).toMatchObject({ model, inputs: ['wick lantern'] });

    await embed(of, newer);
    const halfway = await search(of, mode);
    expect(halfway.body.meta).toMatchObject({ ...served, coverage: { published: 2, embedded: 1 } });

    await embed(of, of.articleId);
    const after = await search(of, mode);
    expect(after.body.meta).toMatchObject({ ...served, coverage: { published: 2, embedded: 2 } });
    expect(twin.callsOf(of.key).at(-1)).toMatchObject({ model: 'next-model', inputs: ['wick lantern'] });
    expect(
      found(after)
        .map(({ id }: { id: string }) => id)
        .sort(),
    ).toEqual([newer, of.articleId].sort());
  });

  it('with the breaker open is keyword’s own work and one look at what would refuse the call', async () => {
    const of = await stand();
    always(of, status(500));
    for (const q of ['one', 'two', 'three']) await search(of, mode, q);
    const calls = twin.calls.length;
    const statementsOf = async (asked: string) => {
      await search(of, asked);
      const query = vi.spyOn(pg.Client.prototype, 'query');
      try {
        const { body } = await search(of, asked);
        expect(body.meta.fallback_reason).toBe(asked === 'keyword' ? null : 'circuit_open');
        return query.mock.calls.length;
      } finally {
        query.mockRestore();
      }
    };
    const keyword = await statementsOf('keyword');
    expect(keyword).toBeGreaterThan(3);
    // Its own transaction: begin, the space, the key, the breaker, commit.
    expect((await statementsOf(mode)) - keyword).toBeLessThanOrEqual(5);
    expect(twin.calls.length).toBe(calls);
  });
});

it('has let no piece of a key into an answer or the log', () => {
  expect(answers.length).toBeGreaterThan(100);
  expect(keys.length).toBeGreaterThan(2 * troubles.length);
  const finder = createPieceFinder(keys);
  expect(finder.find(answers.join('\n'))).toEqual([]);
  expect(finder.find(service.logLines.join('\n'))).toEqual([]);
});
