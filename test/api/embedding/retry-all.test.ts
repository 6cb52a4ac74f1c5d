import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { failureTraits, guidanceOf } from '../../../src/domain/failures.ts';
import { factsOfService } from '../../support/fixtures.ts';
import type { RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

// Without Temporal, so that what is requested stays in the outbox.
const it = factsOfService(() => ({ TEMPORAL_ADDRESS: '127.0.0.1:1' }))
  .extend('tenant', ({ service }): Promise<TestTenant> => service.createTenant())
  .extend('own', ({ service, tenant }) => apiOf(service, tenant));

describe('POST /knowledge/embeddings/retry', () => {
  it('requests what is blocked or failed for the reason, and nothing else', async ({ own }) => {
    const spent = await own.write('blocked', 'quota_exhausted');
    const others = [
      await own.write('failed', 'input_rejected'),
      await own.write('pending', 'quota_exhausted'),
      await own.write('embedded', null),
    ];
    const answer = await own.retry({ reason: 'quota_exhausted' });
    expect([answer.status, answer.body]).toEqual([202, { data: { articles: 1, more: false } }]);
    expect(await own.embedding(spent)).toMatchObject({ status: 'pending', reason: null, who: null });
    expect(await own.requested()).toEqual([spent]);
    expect((await own.embedding(others[0] ?? '')).reason).toBe('input_rejected');
    expect(await own.audited()).toMatchObject([
      { details: { articles: 1, reason: 'quota_exhausted' }, actor: { role: 'orchestrator' } },
    ]);
  });

  it('requests all of them without a reason, charged to the API key that asks', async ({ service, own }) => {
    const articles = [
      await own.write('blocked', 'model_not_found'),
      await own.write('failed', 'provider_unavailable'),
    ];
    expect((await own.retry(undefined)).body).toEqual({ data: { articles: 2, more: false } });
    expect(await own.requested()).toEqual(articles.toSorted());
    const rows = await service.db.rawAsOwner(
      `select k.role from article_embeddings e join api_keys k on k.id = e.api_key_id where e.article_id = any($1)`,
      [articles],
    );
    expect(rows).toEqual([{ role: 'orchestrator' }, { role: 'orchestrator' }]);
    expect((await own.retry({})).body).toEqual({ data: { articles: 0, more: false } });
  });

  it('takes 2,000 articles a request, and says that more are left', async ({ service, tenant, own }) => {
    await service.db.rawAsOwner(
      `insert into articles (tenant_id, id, title, body, category, status, content_hash)
       select $1, gen_random_uuid(), 'Many', 'Text.', 'idea', 'published', 'h' from generate_series(1, 2003)`,
      [tenant.id],
    );
    await service.db.rawAsOwner(
      `insert into article_embeddings (tenant_id, article_id, status, reason)
       select tenant_id, id, 'failed', 'provider_timeout' from articles where tenant_id = $1`,
      [tenant.id],
    );
    expect((await own.retry({})).body).toEqual({ data: { articles: 2_000, more: true } });
    expect((await own.retry({})).body).toEqual({ data: { articles: 3, more: false } });
    expect(await own.requested()).toHaveLength(2_003);
  });

  it('answers the same Idempotency-Key once', async ({ own }) => {
    await own.write('failed', 'internal');
    const headers = { 'idempotency-key': randomUUID() };
    const first = await own.retry({}, headers);
    await own.write('failed', 'internal');
    expect((await own.retry({}, headers)).body).toEqual(first.body);
    expect(await own.audited()).toHaveLength(1);
  });

  it('is for orchestrators, for codes that exist, and for the own tenant', async ({ service, own }) => {
    const id = await own.write('failed', 'internal');
    const other = await service.createTenant();
    expect(
      (await service.call(other.keys.user, 'POST', '/knowledge/embeddings/retry', {})).body.data,
    ).toEqual({
      articles: 0,
      more: false,
    });
    expect((await own.embedding(id)).status).toBe('failed');
    expect((await service.call(other.keys.agent, 'POST', '/knowledge/embeddings/retry', {})).status).toBe(
      403,
    );
    expect((await own.retry({ reason: 'no_such_code' })).status).toBe(422);
    expect((await own.retry({ reasons: 'internal' })).status).toBe(422);
  });
});

describe('GET /knowledge/pipeline', () => {
  it('counts every status, and is empty at first', async ({ own }) => {
    expect((await own.pipeline()).body).toEqual({
      data: {
        embedding: { not_applicable: 0, pending: 0, embedded: 0, partial: 0, blocked: 0, failed: 0 },
        ingestion: { queued: 0, running: 0, completed: 0, partial: 0, failed: 0, cancelled: 0 },
        review: { queued: 0, running: 0, blocked: 0, completed: 0, partial: 0, failed: 0 },
        recent_failures: [],
      },
    });
  });

  it('lists what failed, the newest first, with who acts and whether a retry may do', async ({
    tenant,
    own,
  }) => {
    const blocked = await own.write('blocked', 'credential_rejected');
    const failed = await own.write('failed', 'provider_timeout');
    await own.write('pending', 'provider_timeout');
    const { data } = (await own.pipeline()).body;
    expect(data.embedding).toMatchObject({ pending: 1, blocked: 1, failed: 1 });
    const failureOf = (id: string, code: 'provider_timeout' | 'credential_rejected', retryable: boolean) => ({
      kind: 'embedding',
      id,
      code,
      ...guidanceOf(code),
      message: failureTraits[code].title,
      attempts: 0,
      failed_at: expect.any(String),
      retryable,
      workflow_id: `embed-article/${tenant.id}/${id}`,
    });
    expect(data.recent_failures).toEqual([
      failureOf(failed, 'provider_timeout', true),
      failureOf(blocked, 'credential_rejected', false),
    ]);
    expect((await own.pipeline('?limit=1')).body.data.recent_failures).toHaveLength(1);
  });

  it('counts the calls that failed for an article', async ({ service, tenant, own }) => {
    const id = await own.write('failed', 'provider_timeout');
    await service.db.rawAsOwner(
      `insert into provider_calls (tenant_id, id, provider, operation, source, model, key_version, subject_id, inputs, finished_at, outcome)
       select $1, gen_random_uuid(), 'embedding', 'embedding', 'workflow', 'm', 1, $2, 1, now(), outcome
         from unnest(array['ok', 'provider_timeout', 'provider_timeout']) outcome`,
      [tenant.id, id],
    );
    expect((await own.pipeline()).body.data.recent_failures).toMatchObject([{ id, attempts: 2 }]);
  });

  it('is for orchestrators', async ({ service, tenant }) => {
    expect((await service.call(tenant.keys.agent, 'GET', '/knowledge/pipeline')).status).toBe(403);
  });
});

/** What a tenant asks the API for here, and what is stored of it. */
function apiOf(service: RunningService, { id: tenantId, keys }: TestTenant) {
  return {
    /** Writes an article that has this embedding status, and nothing in the outbox. */
    async write(status: string, reason: string | null): Promise<string> {
      const { body } = await service.call(keys.agent, 'POST', '/articles', {
        ...{ title: `Article ${randomUUID()}`, body: 'Some text.', category: 'idea', force: true },
      });
      await service.db.rawAsOwner(
        'update article_embeddings set status = $2, reason = $3, updated_at = clock_timestamp() where article_id = $1',
        [body.data.id, status, reason],
      );
      await service.db.rawAsOwner('delete from outbox where tenant_id = $1', [tenantId]);
      return body.data.id;
    },
    embedding: async (id: string) =>
      (await service.call(keys.agent, 'GET', `/articles/${id}`)).body.data.embedding,
    retry: async (body: unknown, headers: Readonly<Record<string, string>> = {}) => {
      const answer = await fetch(`${service.apiUrl}/api/v1/knowledge/embeddings/retry`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${keys.orchestrator}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const parsed: unknown = await answer.json();
      return { status: answer.status, body: parsed };
    },
    pipeline: (query = '') => service.call(keys.orchestrator, 'GET', `/knowledge/pipeline${query}`),
    audited: async () =>
      (await service.call(keys.user, 'GET', '/audit?action=knowledge.embeddings_retried')).body.data,
    async requested(): Promise<string[]> {
      const rows = await service.db.rawAsOwner(
        `select subject_id::text as id from outbox where tenant_id = $1 and kind = 'article' order by 1`,
        [tenantId],
      );
      return rows.map(({ id }) => String(id));
    },
  };
}
