import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type ProviderTwin,
  startProviderTwin,
  type TwinStep,
  twinKey,
  twinMarker,
} from '../../support/provider-twin.ts';
import { type RunningService, startService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';
import { piecesIn } from '../llm-config/settings-api.ts';

let twin: ProviderTwin;
let service: RunningService;
let tenant: TestTenant;
let embeddingKey: string;
let anthropicKey: string;

beforeAll(async () => {
  twin = await startProviderTwin();
  service = await startService({
    EMBEDDING_BASE_URL: twin.baseUrl,
    ANTHROPIC_BASE_URL: twin.anthropicBaseUrl,
    EMBEDDING_DEFAULT_MODEL: 'm',
    EMBEDDING_SENDS_INPUT_TYPE: 'false',
    BREAKER_FAILURES: '2',
    BREAKER_OPEN_MS: '600000',
  });
});
afterAll(async () => {
  await service.close();
  await twin.close();
});
beforeEach(async () => {
  embeddingKey = twinKey();
  anthropicKey = twinKey();
  tenant = await service.createTenant();
});

const verify = (of = tenant) => service.call(of.keys.user, 'POST', '/tenants/me/llm-config/verify');
const providers = (of = tenant) => service.call(of.keys.orchestrator, 'GET', '/tenants/me/providers');
const reset = (provider = 'embedding', of = tenant, role: 'user' | 'orchestrator' = 'user') =>
  service.call(of.keys[role], 'POST', `/tenants/me/providers/${provider}/reset`);
const settings = async () => (await service.call(tenant.keys.user, 'GET', '/tenants/me/llm-config')).body;
const setKeys = (keys: { embedding_api_key?: string | null; api_key?: string | null }) =>
  service.call(tenant.keys.user, 'PATCH', '/tenants/me/llm-config', keys);
const setBoth = () => setKeys({ embedding_api_key: embeddingKey, api_key: anthropicKey });
const audited = async (action: string) =>
  (await service.call(tenant.keys.user, 'GET', `/audit?action=${action}`)).body.data;
const outboxOf = (of = tenant) =>
  service.db.rawAsOwner('select kind, subject_id::text from outbox where tenant_id = $1 order by kind', [
    of.id,
  ]);

async function write(status: 'published' | 'draft' = 'published', of = tenant): Promise<string> {
  const { body } = await service.call(of.keys.agent, 'POST', '/articles', {
    title: `Article ${randomUUID()}`,
    body: 'Some text.',
    category: 'idea',
    status,
    force: true,
  });
  return body.data.id;
}
const article = async (id: string) =>
  (await service.call(tenant.keys.agent, 'GET', `/articles/${id}`)).body.data;
const setState = (id: string, status: string, reason: string | null, nextAttemptAt: string | null = null) =>
  service.db.rawAsOwner(
    'update article_embeddings set status = $2, reason = $3, next_attempt_at = $4 where article_id = $1',
    [id, status, reason, nextAttemptAt],
  );
/** What the writes above have sent or not: from here on only what comes next is in the outbox. */
async function emptyOutbox(): Promise<void> {
  await service.services.outbox.drain();
  await service.db.rawAsOwner('delete from outbox');
}

const failing: TwinStep = { kind: 'status', status: 503 };

describe('trying the stored keys', () => {
  it('makes one real call with each, on the ledger, and marks them verified', async () => {
    await setBoth();
    const answer = await verify();
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      data: {
        embedding: { ok: true, model: 'm', dimensions: 16 },
        anthropic: { ok: true, model: 'claude-sonnet-4-5' },
      },
    });
    expect(twin.callsOf(embeddingKey)).toHaveLength(1);
    expect(twin.callsOf(anthropicKey)).toHaveLength(1);
    expect(await settings()).toMatchObject({ embedding_key_status: 'verified', api_key_status: 'verified' });
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
        tokens: twin.callsOf(embeddingKey)[0]?.tokens,
      },
    ]);
  });

  it('says of a key that is not there that it is not there', async () => {
    expect((await verify()).body.data).toEqual({
      embedding: { ok: false, code: 'no_api_key', model: 'm' },
      anthropic: { ok: false, code: 'no_api_key', model: 'claude-sonnet-4-5' },
    });
    await setKeys({ api_key: anthropicKey });
    expect((await verify()).body.data).toMatchObject({
      embedding: { ok: false, code: 'no_api_key' },
      anthropic: { ok: true },
    });
  });

  it.each<[TwinStep, string]>([
    [{ kind: 'status', status: 401 }, 'credential_rejected'],
    [{ kind: 'status', status: 402 }, 'quota_exhausted'],
    [{ kind: 'status', status: 404 }, 'model_not_found'],
    [{ kind: 'status', status: 400 }, 'input_rejected'],
    [{ kind: 'status', status: 429, headers: { 'retry-after': '60' } }, 'provider_rate_limited'],
    [{ kind: 'status', status: 500 }, 'provider_unavailable'],
    [{ kind: 'cut', after: 'half' }, 'provider_unavailable'],
    [{ kind: 'raw', body: `${twinMarker} no JSON` }, 'malformed_response'],
  ])('answers 200 and a code when a provider does %o', async (step, code) => {
    await setBoth();
    twin.script(embeddingKey, [step]);
    twin.script(anthropicKey, [step]);
    const answer = await verify();
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual({
      embedding: { ok: false, code, model: 'm' },
      anthropic: { ok: false, code, model: 'claude-sonnet-4-5' },
    });
    const text = JSON.stringify(answer.body);
    expect(text).not.toContain(twinMarker);
    expect([...piecesIn(text, embeddingKey), ...piecesIn(text, anthropicKey)]).toEqual([]);
  });

  it('answers 200 where the key cannot be opened', async () => {
    await setBoth();
    await service.db.rawAsOwner(
      `update provider_keys set ciphertext = 'vault:v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' where tenant_id = $1`,
      [tenant.id],
    );
    const answer = await verify();
    expect(answer.status).toBe(200);
    expect(answer.body.data).toMatchObject({
      embedding: { ok: false, code: 'key_unusable' },
      anthropic: { ok: false, code: 'key_unusable' },
    });
  });

  it('asks with a rejected key too, and brings it back to life where it is taken now', async () => {
    await setBoth();
    const id = await write();
    twin.script(embeddingKey, [
      { kind: 'status', status: 401 },
      { kind: 'status', status: 403 },
    ]);
    await verify();
    expect(await settings()).toMatchObject({ embedding_key_status: 'rejected', api_key_status: 'verified' });
    await setState(id, 'blocked', 'credential_rejected');
    await emptyOutbox();

    expect((await verify()).body.data.embedding).toMatchObject({ ok: false, code: 'credential_rejected' });
    expect(await article(id)).toMatchObject({ embedding: { status: 'blocked' } });
    expect(await outboxOf()).toEqual([]);

    expect((await verify()).body.data.embedding).toMatchObject({ ok: true });
    expect(twin.callsOf(embeddingKey)).toHaveLength(3);
    expect(await settings()).toMatchObject({ embedding_key_status: 'verified' });
    expect(await article(id)).toMatchObject({ embedding: { status: 'pending', reason: null } });
  });

  it('calls nobody while the breaker is open', async () => {
    await setBoth();
    twin.script(embeddingKey, [failing, failing]);
    for (let i = 0; i < 3; i += 1) await verify();
    expect((await verify()).body.data.embedding).toMatchObject({ ok: false, code: 'circuit_open' });
    expect(twin.callsOf(embeddingKey)).toHaveLength(2);
  });

  it('is for users, and takes no body', async () => {
    const path = '/tenants/me/llm-config/verify';
    expect((await service.call(tenant.keys.orchestrator, 'POST', path)).status).toBe(403);
    expect((await service.call('lk_nobody', 'POST', path)).status).toBe(401);
    expect((await service.call(tenant.keys.user, 'GET', path)).status).toBe(405);
  });
});

describe('the providers', () => {
  it('are closed and without a key at first', async () => {
    const nothing = {
      state: 'closed',
      failures: 0,
      open_until: null,
      key_status: 'none',
      last_error_code: null,
      last_error_at: null,
    };
    expect((await providers()).body).toEqual({ data: { embedding: nothing, anthropic: nothing } });
  });

  it('show the last error of the current key, and what the breaker makes of it', async () => {
    await setBoth();
    twin.script(embeddingKey, [failing, failing]);
    twin.script(anthropicKey, [{ kind: 'status', status: 402 }]);
    await verify();
    const { embedding, anthropic } = (await providers()).body.data;
    expect(embedding).toMatchObject({
      state: 'closed',
      failures: 1,
      key_status: 'unverified',
      last_error_code: 'provider_unavailable',
    });
    expect(anthropic).toMatchObject({ state: 'closed', failures: 0, last_error_code: 'quota_exhausted' });
    await verify();
    const open = (await providers()).body.data;
    expect(open.embedding).toMatchObject({ state: 'open', failures: 2 });
    expect(Date.parse(open.embedding.open_until)).toBeGreaterThan(Date.now() + 500_000);
    expect(open.anthropic).toMatchObject({ state: 'closed', key_status: 'verified' });

    await setKeys({ embedding_api_key: twinKey() });
    expect((await providers()).body.data.embedding).toMatchObject({
      state: 'closed',
      failures: 0,
      key_status: 'unverified',
      last_error_code: null,
    });
  });

  it('are for orchestrators', async () => {
    expect((await service.call(tenant.keys.agent, 'GET', '/tenants/me/providers')).status).toBe(403);
  });
});

describe('closing the own breaker', () => {
  async function openBreaker(of: TestTenant, key: string): Promise<void> {
    await service.call(of.keys.user, 'PATCH', '/tenants/me/llm-config', { embedding_api_key: key });
    twin.script(key, [failing, failing]);
    await verify(of);
    await verify(of);
    expect((await providers(of)).body.data.embedding.state).toBe('open');
  }

  it('closes it, wakes the articles that wait for it and no others, and is told in the audit log', async () => {
    await openBreaker(tenant, embeddingKey);
    const waiting = await write();
    const failed = await write();
    const limited = await write();
    await setState(limited, 'pending', 'provider_rate_limited', '2099-01-01T00:00:00Z');
    await setState(waiting, 'pending', 'circuit_open', '2099-01-01T00:00:00Z');
    await setState(failed, 'failed', 'input_rejected');
    await emptyOutbox();

    const answer = await reset();
    expect(answer.status).toBe(200);
    expect(answer.body.data).toMatchObject({ state: 'closed', failures: 0, open_until: null });
    expect((await article(waiting)).embedding).toMatchObject({
      status: 'pending',
      reason: null,
      next_attempt_at: null,
    });
    expect((await article(failed)).embedding).toMatchObject({ status: 'failed', reason: 'input_rejected' });
    expect((await article(limited)).embedding).toMatchObject({
      reason: 'provider_rate_limited',
      next_attempt_at: '2099-01-01T00:00:00.000Z',
    });
    expect(await audited('provider.breaker_reset')).toMatchObject([
      { subject: { kind: 'provider', id: 'embedding' }, actor: { role: 'user' } },
    ]);
    expect((await verify()).body.data.embedding).toMatchObject({ ok: true });
  });

  it('lets a workflow that waits for it go on at once', async () => {
    const worker = await service.startWorker();
    try {
      await openBreaker(tenant, embeddingKey);
      const id = await write();
      const until = async (done: (embedding: { status: string; reason: string | null }) => boolean) => {
        for (let i = 0; i < 200; i += 1) {
          const { embedding } = await article(id);
          if (done(embedding)) return embedding;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error(`it has not come about: ${JSON.stringify((await article(id)).embedding)}`);
      };
      const waiting = await until(({ reason }) => reason === 'circuit_open');
      expect(Date.parse(String(Reflect.get(waiting, 'next_attempt_at')))).toBeGreaterThan(Date.now());
      await reset();
      await until(({ status }) => status === 'embedded');
    } finally {
      await worker.stop();
    }
  });

  it('leaves another tenant’s alone, and the other provider’s', async () => {
    const other = await service.createTenant();
    await openBreaker(other, twinKey());
    await openBreaker(tenant, embeddingKey);
    await reset('anthropic');
    expect((await providers()).body.data.embedding.state).toBe('open');
    await reset();
    expect((await providers(other)).body.data.embedding.state).toBe('open');
    expect((await providers()).body.data.embedding.state).toBe('closed');
    const theirs = await service.call(other.keys.user, 'GET', '/audit?action=provider.breaker_reset');
    expect(theirs.body.data).toEqual([]);
  });

  it('is no error where there is nothing to close', async () => {
    expect((await reset('anthropic')).body.data).toMatchObject({ state: 'closed', key_status: 'none' });
    expect(await audited('provider.breaker_reset')).toHaveLength(1);
  });

  it('is for users, and for providers that there are', async () => {
    expect((await reset('embedding', tenant, 'orchestrator')).status).toBe(403);
    for (const name of ['openai', 'Embedding', '__proto__', '%00', '..%2Fembedding'])
      expect([name, (await reset(name)).status]).toEqual([name, 404]);
    expect(await audited('provider.breaker_reset')).toEqual([]);
  });
});

describe('retrying an article’s embedding', () => {
  const retry = (id: string, key = tenant.keys.orchestrator) =>
    service.call(key, 'POST', `/articles/${id}/embedding/retry`);

  it.each([
    ['failed', 'input_rejected'],
    ['blocked', 'credential_rejected'],
    ['pending', 'provider_timeout'],
  ])('starts the workflow of one that is %s, and says so', async (status, reason) => {
    const id = await write();
    await setState(id, status, reason, '2099-01-01T00:00:00Z');
    await emptyOutbox();
    const answer = await retry(id);
    expect(answer.status).toBe(202);
    expect(answer.body.data).toMatchObject({
      id,
      revision: 1,
      embedding: { status: 'pending', reason: null, next_attempt_at: null },
    });
    expect(await audited('article.embedding_retried')).toMatchObject([
      { subject: { kind: 'article', id }, actor: { role: 'orchestrator' } },
    ]);
    await service.services.outbox.drain();
    expect(await outboxOf()).toEqual([]);
  });

  it('embeds what failed, once the reason is gone', async () => {
    const worker = await service.startWorker();
    try {
      await setKeys({ embedding_api_key: embeddingKey });
      twin.script(embeddingKey, [], { kind: 'status', status: 400 });
      const id = await write();
      const statusIs = async (wanted: string) => {
        for (let i = 0; i < 200 && (await article(id)).embedding.status !== wanted; i += 1)
          await new Promise((resolve) => setTimeout(resolve, 50));
        expect((await article(id)).embedding).toMatchObject({ status: wanted });
      };
      await statusIs('failed');
      twin.script(embeddingKey, []);
      expect((await retry(id)).status).toBe(202);
      await statusIs('embedded');
      // Complete already: looked at, and nothing is bought.
      expect((await retry(id)).body.data.embedding.status).toBe('embedded');
      expect(twin.callsOf(embeddingKey).filter(({ billed }) => billed)).toHaveLength(1);
    } finally {
      await worker.stop();
    }
  });

  it('refuses a draft and an archived article', async () => {
    const draft = await write('draft');
    const archived = await write();
    await service.call(tenant.keys.user, 'DELETE', `/articles/${archived}`);
    await emptyOutbox();
    for (const id of [draft, archived]) {
      const answer = await retry(id);
      expect(answer.status).toBe(409);
      expect(answer.body.code).toBe('transition_not_allowed');
      expect((await article(id)).embedding.status).toBe('not_applicable');
    }
    expect(await outboxOf()).toEqual([]);
    expect(await audited('article.embedding_retried')).toEqual([]);
  });

  it('is for orchestrators, and for articles that there are', async () => {
    const id = await write();
    expect((await retry(id, tenant.keys.agent)).status).toBe(403);
    expect((await retry(randomUUID())).status).toBe(404);
    expect((await retry('no-uuid')).status).toBe(404);
    const other = await service.createTenant();
    expect((await retry(id, other.keys.user)).status).toBe(404);
  });

  it('answers the same Idempotency-Key once', async () => {
    const id = await write();
    const again = () =>
      fetch(`${service.apiUrl}/api/v1/articles/${id}/embedding/retry`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tenant.keys.orchestrator}`, 'idempotency-key': `retry-${id}` },
      });
    expect((await again()).status).toBe(202);
    const second = await again();
    expect(second.status).toBe(202);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(await audited('article.embedding_retried')).toHaveLength(1);
  });
});
