import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { guidanceOf } from '../../../src/domain/failures.ts';
import { factsOfService } from '../../support/fixtures.ts';
import { type ProviderTwin, type TwinStep, twinKey, twinMarker } from '../../support/provider-twin.ts';
import type { RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';
import { piecesIn } from '../llm-config/settings-api.ts';

const it = factsOfService(({ twin }) => ({
  ...{ ANTHROPIC_BASE_URL: twin.anthropicBaseUrl, EMBEDDING_DEFAULT_MODEL: 'm' },
  ...{ EMBEDDING_SENDS_INPUT_TYPE: 'false', BREAKER_FAILURES: '2', BREAKER_OPEN_MS: '600000' },
}))
  .extend('anthropicKey', () => twinKey())
  // It has no provider key until a fact sets one.
  .extend('tenant', ({ service }): Promise<TestTenant> => service.createTenant())
  .extend('own', ({ service, twin, tenant }) => apiOf(service, twin, tenant))
  .extend(
    'setBoth',
    ({ own, key, anthropicKey }) =>
      () =>
        own.setKeys({ embedding_api_key: key, api_key: anthropicKey }),
  );

const told = (headers: Readonly<Record<string, string>>): TwinStep => ({
  kind: 'ok',
  headers: () => headers,
});

describe('trying the stored keys', () => {
  it('makes one real call with each, on the ledger, and marks them verified', async ({
    service,
    twin,
    key,
    anthropicKey,
    tenant,
    own,
    setBoth,
  }) => {
    await setBoth();
    const answer = await own.verify();
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      data: {
        embedding: {
          ...{ ok: true, model: 'm', dimensions: 16 },
          profile: expect.objectContaining({ encoding: 'float', found_at: expect.any(String) }),
        },
        anthropic: { ok: true, model: 'claude-haiku-5-5' },
      },
    });
    expect(twin.callsOf(key)).toHaveLength(1);
    expect(twin.callsOf(anthropicKey)).toHaveLength(1);
    expect(await own.settings()).toMatchObject({
      embedding_key_status: 'verified',
      api_key_status: 'verified',
    });
    const ledger = await service.db.rawAsOwner(
      `select provider, operation, source, (input_tokens + output_tokens)::int as tokens
         from usage_ledger where tenant_id = $1 order by provider`,
      [tenant.id],
    );
    expect(ledger).toEqual([
      {
        provider: 'anthropic',
        operation: 'verification',
        source: 'verify',
        tokens: twin.callsOf(anthropicKey)[0]?.tokens,
      },
      {
        provider: 'embedding',
        operation: 'embedding',
        source: 'verify',
        tokens: twin.callsOf(key)[0]?.tokens,
      },
    ]);
  });

  it('answers no_api_key for a key that is not set', async ({ anthropicKey, own }) => {
    expect((await own.verify()).body.data).toEqual({
      embedding: { ok: false, code: 'no_api_key', ...guidanceOf('no_api_key'), model: 'm' },
      anthropic: { ok: false, code: 'no_api_key', ...guidanceOf('no_api_key'), model: 'claude-haiku-5-5' },
    });
    await own.setKeys({ api_key: anthropicKey });
    expect((await own.verify()).body.data).toMatchObject({
      embedding: { ok: false, code: 'no_api_key' },
      anthropic: { ok: true },
    });
  });

  it.for<[TwinStep, string]>([
    [{ kind: 'status', status: 401 }, 'credential_rejected'],
    [{ kind: 'status', status: 402 }, 'quota_exhausted'],
    [{ kind: 'status', status: 403 }, 'permission_denied'],
    [{ kind: 'status', status: 404 }, 'model_not_found'],
    [{ kind: 'status', status: 400 }, 'input_rejected'],
    [{ kind: 'status', status: 429, headers: { 'retry-after': '60' } }, 'provider_rate_limited'],
    [{ kind: 'status', status: 500 }, 'provider_unavailable'],
    [{ kind: 'cut', after: 'half' }, 'provider_unavailable'],
    [{ kind: 'raw', body: `${twinMarker} no JSON` }, 'malformed_response'],
  ])(
    'answers 200 and a code when a provider does %o',
    async ([step, code], { twin, key, anthropicKey, own, setBoth }) => {
      await setBoth();
      twin.script(key, [step]);
      twin.script(anthropicKey, [step]);
      const answer = await own.verify();
      expect(answer.status).toBe(200);
      expect(answer.body.data).toEqual({
        embedding: { ok: false, code, ...guidanceOf(code), model: 'm' },
        anthropic: { ok: false, code, ...guidanceOf(code), model: 'claude-haiku-5-5' },
      });
      const text = JSON.stringify(answer.body);
      expect(text).not.toContain(twinMarker);
      expect([...piecesIn(text, key), ...piecesIn(text, anthropicKey)]).toEqual([]);
    },
  );

  it('answers 200 where the key cannot be opened', async ({ service, tenant, own, setBoth }) => {
    await setBoth();
    await service.db.rawAsOwner(
      `update provider_keys set ciphertext = 'vault:v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' where tenant_id = $1`,
      [tenant.id],
    );
    const answer = await own.verify();
    expect(answer.status).toBe(200);
    expect(answer.body.data).toMatchObject({
      embedding: { ok: false, code: 'key_unusable' },
      anthropic: { ok: false, code: 'key_unusable' },
    });
  });

  it('calls with a rejected key too, and marks it verified once the provider accepts it', async ({
    service,
    twin,
    key,
    own,
    setBoth,
  }) => {
    await setBoth();
    const id = await own.write();
    twin.script(key, [
      { kind: 'status', status: 401 },
      { kind: 'status', status: 403 },
    ]);
    await own.verify();
    expect(await own.settings()).toMatchObject({
      embedding_key_status: 'rejected',
      api_key_status: 'verified',
    });
    await setState(service, id, 'blocked', 'credential_rejected');
    await emptyOutbox(service);

    expect((await own.verify()).body.data.embedding).toMatchObject({
      ok: false,
      code: 'permission_denied',
    });
    // The last trial says why the key is of no use.
    expect((await own.providers()).body.data.embedding).toMatchObject({
      last_error_code: 'permission_denied',
    });
    expect(await own.article(id)).toMatchObject({ embedding: { status: 'blocked' } });
    expect(await own.outbox()).toEqual([]);

    expect((await own.verify()).body.data.embedding).toMatchObject({ ok: true });
    expect(twin.callsOf(key)).toHaveLength(3);
    expect(await own.settings()).toMatchObject({ embedding_key_status: 'verified' });
    expect(await own.article(id)).toMatchObject({ embedding: { status: 'pending', reason: null } });
  });

  it('calls no provider while the breaker is open', async ({ twin, key, own, setBoth }) => {
    await setBoth();
    twin.script(key, [failing, failing]);
    for (let i = 0; i < 3; i += 1) await own.verify();
    expect((await own.verify()).body.data.embedding).toMatchObject({ ok: false, code: 'circuit_open' });
    expect(twin.callsOf(key)).toHaveLength(2);
  });

  it('is for users, and takes no body', async ({ service, tenant }) => {
    const path = '/tenants/me/llm-config/verify';
    expect((await service.call(tenant.keys.orchestrator, 'POST', path)).status).toBe(403);
    expect((await service.call('lk_nobody', 'POST', path)).status).toBe(401);
    expect((await service.call(tenant.keys.user, 'GET', path)).status).toBe(405);
  });
});

describe('the providers', () => {
  it('are closed and without a key at first', async ({ own }) => {
    const nothing = {
      state: 'closed',
      failures: 0,
      open_until: null,
      key_status: 'none',
      last_error_code: null,
      last_error_at: null,
    };
    expect((await own.providers()).body).toEqual({ data: { embedding: nothing, anthropic: nothing } });
  });

  it('show the last error of the current key, and what the breaker makes of it', async ({
    twin,
    key,
    anthropicKey,
    own,
    setBoth,
  }) => {
    await setBoth();
    twin.script(key, [failing, failing]);
    twin.script(anthropicKey, [{ kind: 'status', status: 402 }]);
    await own.verify();
    const { embedding, anthropic } = (await own.providers()).body.data;
    expect(embedding).toMatchObject({
      state: 'closed',
      failures: 1,
      key_status: 'unverified',
      last_error_code: 'provider_unavailable',
      ...guidanceOf('provider_unavailable'),
    });
    expect(anthropic).toMatchObject({ state: 'closed', failures: 0, last_error_code: 'quota_exhausted' });
    await own.verify();
    const open = (await own.providers()).body.data;
    expect(open.embedding).toMatchObject({ state: 'open', failures: 2 });
    expect(Date.parse(open.embedding.open_until)).toBeGreaterThan(Date.now() + 500_000);
    expect(open.anthropic).toMatchObject({ state: 'closed', key_status: 'verified' });

    await own.setKeys({ embedding_api_key: twinKey() });
    expect((await own.providers()).body.data.embedding).toMatchObject({
      state: 'closed',
      failures: 0,
      key_status: 'unverified',
      last_error_code: null,
    });
  });

  it('are for orchestrators', async ({ service, tenant }) => {
    expect((await service.call(tenant.keys.agent, 'GET', '/tenants/me/providers')).status).toBe(403);
  });
});

describe('a limit of a key', () => {
  it.for<[string, TwinStep, number]>([
    ['provider', { kind: 'status', status: 429, headers: { 'retry-after': '120' } }, 120_000],
    ['quota', { kind: 'status', status: 402 }, 3_600_000],
    [
      'requests',
      told({ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '90s' }),
      90_000,
    ],
    ['tokens', told({ 'x-ratelimit-remaining-tokens': '0' }), 60_000],
  ])(
    'is shown as limited by the %s, and until when',
    async ([by, step, forMs], { twin, key, own, setBoth }) => {
      await setBoth();
      twin.script(key, [step]);
      await own.verify();
      const { embedding, anthropic } = (await own.providers()).body.data;
      expect(embedding).toMatchObject({ state: 'closed', limited: { by, until: expect.any(String) } });
      const shownMs = Date.parse(embedding.limited.until) - Date.now();
      expect(shownMs).toBeGreaterThan(forMs - 30_000);
      expect(shownMs).toBeLessThanOrEqual(forMs + 1_000);
      expect(anthropic).not.toHaveProperty('limited');

      expect((await own.reset()).body.data).not.toHaveProperty('limited');
    },
  );

  it('is not that of another key, and a call that passes ends it', async ({ twin, key, own }) => {
    await own.setKeys({ embedding_api_key: key });
    twin.script(key, [{ kind: 'status', status: 429, headers: { 'retry-after': '120' } }]);
    await own.verify();
    expect((await own.providers()).body.data.embedding.limited).toMatchObject({ by: 'provider' });
    await own.verify();
    expect((await own.providers()).body.data.embedding).not.toHaveProperty('limited');

    twin.script(key, [{ kind: 'status', status: 429, headers: { 'retry-after': '120' } }]);
    await own.verify();
    await own.setKeys({ embedding_api_key: twinKey() });
    expect((await own.providers()).body.data.embedding).not.toHaveProperty('limited');
  });
});

describe('closing the own breaker', () => {
  it('closes it, ends a pause, wakes the articles that wait for either and no others, and leaves a row in the audit log', async ({
    service,
    key,
    own,
  }) => {
    await own.openBreaker(key);
    const waiting = await own.write();
    const failed = await own.write();
    const limited = await own.write();
    await setState(service, limited, 'pending', 'provider_rate_limited', '2099-01-01T00:00:00Z');
    await setState(service, waiting, 'pending', 'circuit_open', '2099-01-01T00:00:00Z');
    await setState(service, failed, 'failed', 'input_rejected');
    await emptyOutbox(service);

    const answer = await own.reset();
    expect(answer.status).toBe(200);
    expect(answer.body.data).toMatchObject({ state: 'closed', failures: 0, open_until: null });
    expect((await own.article(waiting)).embedding).toMatchObject({
      status: 'pending',
      reason: null,
      next_attempt_at: null,
    });
    expect((await own.article(failed)).embedding).toMatchObject({
      status: 'failed',
      reason: 'input_rejected',
    });
    expect((await own.article(limited)).embedding).toMatchObject({ reason: null, next_attempt_at: null });
    expect(await own.audited('provider.breaker_reset')).toMatchObject([
      { subject: { kind: 'provider', id: 'embedding' }, actor: { role: 'user' } },
    ]);
    expect((await own.verify()).body.data.embedding).toMatchObject({ ok: true });
  });

  it('lets a workflow that waits for it go on at once', async ({ service, key, own }) => {
    const worker = await service.startWorker();
    try {
      await own.openBreaker(key);
      const id = await own.write();
      const until = async (done: (embedding: { status: string; reason: string | null }) => boolean) => {
        for (let i = 0; i < 200; i += 1) {
          const { embedding } = await own.article(id);
          if (done(embedding)) return embedding;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error(`it has not come about: ${JSON.stringify((await own.article(id)).embedding)}`);
      };
      const waiting = await until(({ reason }) => reason === 'circuit_open');
      expect(Date.parse(String(Reflect.get(waiting, 'next_attempt_at')))).toBeGreaterThan(Date.now());
      await own.reset();
      await until(({ status }) => status === 'embedded');
    } finally {
      await worker.stop();
    }
  });

  it('leaves another tenant’s alone, and the other provider’s', async ({ service, twin, key, own }) => {
    const other = await service.createTenant();
    const theirs = apiOf(service, twin, other);
    await theirs.openBreaker(twinKey());
    await own.openBreaker(key);
    await own.reset('anthropic');
    expect((await own.providers()).body.data.embedding.state).toBe('open');
    await own.reset();
    expect((await theirs.providers()).body.data.embedding.state).toBe('open');
    expect((await own.providers()).body.data.embedding.state).toBe('closed');
    expect(await theirs.audited('provider.breaker_reset')).toEqual([]);
  });

  it('is no error where there is nothing to close', async ({ own }) => {
    expect((await own.reset('anthropic')).body.data).toMatchObject({ state: 'closed', key_status: 'none' });
    expect(await own.audited('provider.breaker_reset')).toHaveLength(1);
  });

  it('is for users, and for providers that exist', async ({ own }) => {
    expect((await own.reset('embedding', 'orchestrator')).status).toBe(403);
    for (const name of ['openai', 'Embedding', '__proto__', '%00', '..%2Fembedding'])
      expect([name, (await own.reset(name)).status]).toEqual([name, 404]);
    expect(await own.audited('provider.breaker_reset')).toEqual([]);
  });
});

describe('retrying an article’s embedding', () => {
  it.for<[string, string]>([
    ['failed', 'input_rejected'],
    ['blocked', 'credential_rejected'],
    ['pending', 'provider_timeout'],
  ])('starts the workflow of one that is %s, and says so', async ([status, reason], { service, own }) => {
    const id = await own.write();
    await setState(service, id, status, reason, '2099-01-01T00:00:00Z');
    await emptyOutbox(service);
    const answer = await own.retry(id);
    expect(answer.status).toBe(202);
    expect(answer.body.data).toMatchObject({
      id,
      revision: 1,
      embedding: { status: 'pending', reason: null, next_attempt_at: null },
    });
    expect(await own.audited('article.embedding_retried')).toMatchObject([
      { subject: { kind: 'article', id }, actor: { role: 'orchestrator' } },
    ]);
    await service.services.outbox.drain();
    expect(await own.outbox()).toEqual([]);
  });

  it('embeds what failed, once its cause is gone', async ({ service, twin, key, own }) => {
    const worker = await service.startWorker();
    try {
      await own.setKeys({ embedding_api_key: key });
      twin.script(key, [], { kind: 'status', status: 400 });
      const id = await own.write();
      const statusIs = async (wanted: string) => {
        for (let i = 0; i < 200 && (await own.article(id)).embedding.status !== wanted; i += 1)
          await new Promise((resolve) => setTimeout(resolve, 50));
        expect((await own.article(id)).embedding).toMatchObject({ status: wanted });
      };
      await statusIs('failed');
      twin.script(key, []);
      expect((await own.retry(id)).status).toBe(202);
      await statusIs('embedded');
      // Complete already: looked at, and nothing is bought.
      expect((await own.retry(id)).body.data.embedding.status).toBe('embedded');
      expect(twin.callsOf(key).filter(({ billed }) => billed)).toHaveLength(1);
    } finally {
      await worker.stop();
    }
  });

  it('refuses a draft and an archived article', async ({ service, tenant, own }) => {
    const draft = await own.write('draft');
    const archived = await own.write();
    await service.call(tenant.keys.user, 'DELETE', `/articles/${archived}`);
    await emptyOutbox(service);
    for (const id of [draft, archived]) {
      const answer = await own.retry(id);
      expect(answer.status).toBe(409);
      expect(answer.body.code).toBe('transition_not_allowed');
      expect((await own.article(id)).embedding.status).toBe('not_applicable');
    }
    expect(await own.outbox()).toEqual([]);
    expect(await own.audited('article.embedding_retried')).toEqual([]);
  });

  it('is for orchestrators, and for articles that exist', async ({ service, own }) => {
    const id = await own.write();
    expect((await own.retry(id, 'agent')).status).toBe(403);
    expect((await own.retry(randomUUID())).status).toBe(404);
    expect((await own.retry('no-uuid')).status).toBe(404);
    const other = await service.createTenant();
    const asOther = await service.call(other.keys.user, 'POST', `/articles/${id}/embedding/retry`);
    expect(asOther.status).toBe(404);
  });

  it('answers the same Idempotency-Key once', async ({ service, tenant, own }) => {
    const id = await own.write();
    const again = () =>
      fetch(`${service.apiUrl}/api/v1/articles/${id}/embedding/retry`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tenant.keys.orchestrator}`, 'idempotency-key': `retry-${id}` },
      });
    expect((await again()).status).toBe(202);
    const second = await again();
    expect(second.status).toBe(202);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(await own.audited('article.embedding_retried')).toHaveLength(1);
  });
});

const failing: TwinStep = { kind: 'status', status: 503 };

/** What a tenant asks the API for here, and what is stored of it. */
function apiOf(service: RunningService, twin: ProviderTwin, { id: tenantId, keys }: TestTenant) {
  const verify = () => service.call(keys.user, 'POST', '/tenants/me/llm-config/verify');
  const providers = () => service.call(keys.orchestrator, 'GET', '/tenants/me/providers');
  const setKeys = (given: { embedding_api_key?: string | null; api_key?: string | null }) =>
    service.call(keys.user, 'PATCH', '/tenants/me/llm-config', given);

  return {
    verify,
    providers,
    setKeys,
    reset: (provider = 'embedding', role: 'user' | 'orchestrator' = 'user') =>
      service.call(keys[role], 'POST', `/tenants/me/providers/${provider}/reset`),
    settings: async () => (await service.call(keys.user, 'GET', '/tenants/me/llm-config')).body,
    audited: async (action: string) =>
      (await service.call(keys.user, 'GET', `/audit?action=${action}`)).body.data,
    outbox: () =>
      service.db.rawAsOwner('select kind, subject_id::text from outbox where tenant_id = $1 order by kind', [
        tenantId,
      ]),
    /** Sets this embedding key, and lets calls with it fail until its breaker opens. */
    async openBreaker(key: string): Promise<void> {
      await setKeys({ embedding_api_key: key });
      twin.script(key, [failing, failing]);
      await verify();
      await verify();
      expect((await providers()).body.data.embedding.state).toBe('open');
    },
    async write(status: 'published' | 'draft' = 'published'): Promise<string> {
      const { body } = await service.call(keys.agent, 'POST', '/articles', {
        title: `Article ${randomUUID()}`,
        body: 'Some text.',
        category: 'idea',
        status,
        force: true,
      });
      return body.data.id;
    },
    article: async (id: string) => (await service.call(keys.agent, 'GET', `/articles/${id}`)).body.data,
    retry: (id: string, role: 'agent' | 'orchestrator' = 'orchestrator') =>
      service.call(keys[role], 'POST', `/articles/${id}/embedding/retry`),
  };
}

function setState(
  { db }: RunningService,
  id: string,
  status: string,
  reason: string | null,
  nextAttemptAt: string | null = null,
) {
  return db.rawAsOwner(
    'update article_embeddings set status = $2, reason = $3, next_attempt_at = $4 where article_id = $1',
    [id, status, reason, nextAttemptAt],
  );
}

/** Removes what was written so far, sent or not: from here on only what comes next is in the outbox. */
async function emptyOutbox({ services, db }: RunningService): Promise<void> {
  await services.outbox.drain();
  await db.rawAsOwner('delete from outbox');
}
