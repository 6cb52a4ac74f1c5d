import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { guidanceOf } from '../../../src/domain/failures.ts';
import { factsOfService } from '../../support/fixtures.ts';
import { twinKey } from '../../support/provider-twin.ts';
import type { RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

// Without Temporal, so that what is requested stays in the outbox.
const it = factsOfService(() => ({ TEMPORAL_ADDRESS: '127.0.0.1:1' }))
  .extend('tenant', async ({ service }): Promise<TestTenant> => {
    const tenant = await service.createTenant();
    await tenant.setAnthropicKey(twinKey());
    return tenant;
  })
  .extend('keyless', ({ service }): Promise<TestTenant> => service.createTenant())
  .extend('own', ({ service, tenant }) => apiOf(service, tenant));

const finding = { title: 'No alert', body: 'The check asked another host.', severity: 'high' };
const review = { review_type: 'incident', summary: 'The login was away.', findings: [finding] };

describe('POST /reviews', () => {
  it('keeps the review and requests its workflow, in one transaction', async ({ tenant, own }) => {
    const { status, body, headers } = await own.post(review);
    expect(status).toBe(201);
    expect(body.data).toEqual({
      ...review,
      id: expect.any(String),
      created_at: expect.any(String),
      extraction: {
        ...{ status: 'queued', reason: null, who: null, next_step: null },
        ...{ article_ids: [], duplicates: 0, failed: 0, next_attempt_at: null, finished_at: null },
        workflow_id: `review/${tenant.id}/${body.data.id}`,
      },
    });
    expect(headers.get('location')).toBe(`/api/v1/reviews/${body.data.id}`);
    expect(await own.requested()).toEqual([body.data.id]);
    expect(await own.audited('review.created')).toMatchObject([
      {
        subject: { kind: 'review', id: body.data.id },
        details: { findings: 1 },
        actor: { role: 'orchestrator' },
      },
    ]);
    expect(JSON.stringify(await own.audited('review.created'))).not.toContain(finding.title);
  });

  it('keeps the review of a tenant without a key, blocked until one comes', async ({ service, keyless }) => {
    const api = apiOf(service, keyless);
    const { status, body } = await api.post(review);
    expect(status).toBe(201);
    const blocked = { status: 'blocked', reason: 'no_api_key', ...guidanceOf('no_api_key') };
    expect(body.data.extraction).toMatchObject(blocked);

    await api.forgetRequests();
    await keyless.setAnthropicKey(twinKey());
    expect(await api.requested()).toEqual([body.data.id]);
    expect((await api.get(body.data.id)).body.data.extraction).toMatchObject({
      status: 'queued',
      reason: null,
    });
  });

  it('answers the same Idempotency-Key once', async ({ own }) => {
    const headers = { 'idempotency-key': randomUUID() };
    const first = await own.post(review, headers);
    const second = await own.post(review, headers);
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect((await own.post({ ...review, summary: 'Another.' }, headers)).status).toBe(409);
    expect(await own.requested()).toHaveLength(1);
  });

  it.for([
    ['no finding', { ...review, findings: [] }, 'findings'],
    ['51 findings', { ...review, findings: Array.from({ length: 51 }, () => finding) }, 'findings'],
    ['a blank summary', { ...review, summary: ' ' }, 'summary'],
    ['a summary with nothing visible', { ...review, summary: '\u200b\u2800' }, 'summary'],
    [
      'a body of 8,001 characters',
      { ...review, findings: [{ ...finding, body: 'x'.repeat(8_001) }] },
      'findings[0].body',
    ],
    ['an unknown field', { ...review, findings: [{ ...finding, tenant: 'x' }] }, 'findings[0].tenant'],
    [
      'more than 60,000 characters in all',
      { ...review, findings: Array.from({ length: 8 }, () => ({ title: 'x', body: 'x'.repeat(7_600) })) },
      'findings',
    ],
  ] as const)('refuses %s', async ([, given, path], { own }) => {
    const { status, body } = await own.post(given);
    expect([status, body.errors.map((error: { path: string }) => error.path)]).toEqual([422, [path]]);
    expect(await own.requested()).toEqual([]);
  });

  it('is for orchestrators', async ({ service, tenant }) => {
    expect((await service.call(tenant.keys.agent, 'POST', '/reviews', review)).status).toBe(403);
  });
});

describe('GET /reviews', () => {
  it('lists the newest first, page by page, without findings', async ({ own }) => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i += 1) ids.unshift((await own.post(review)).body.data.id);
    const first = (await own.list('?limit=2')).body;
    const second = (await own.list(`?limit=2&cursor=${first.meta.next_cursor}`)).body;
    expect([...first.data, ...second.data].map(({ id }: { id: string }) => id)).toEqual(ids);
    expect([first.data[0].findings, second.meta.next_cursor]).toEqual([undefined, null]);
    expect((await own.list('?status=failed')).body.data).toEqual([]);
    expect((await own.list('?cursor=nonsense')).status).toBe(422);
  });
});

describe('GET /reviews/:id', () => {
  it('shows what it waits for, with who acts, and what was made of it', async ({ own }) => {
    const { id } = (await own.post(review)).body.data;
    await own.set(id, `status = 'running', code = 'circuit_open', next_attempt_at = '2031-01-01T00:00:00Z'`);
    const drafts = [await own.made(id, 0, 'created'), await own.made(id, 1, 'created')];
    await own.made(id, 2, 'duplicate');
    await own.made(id, 3, 'invalid');
    expect((await own.get(id)).body.data.extraction).toMatchObject({
      ...{ status: 'running', reason: 'circuit_open', ...guidanceOf('circuit_open') },
      ...{ next_attempt_at: '2031-01-01T00:00:00.000Z', article_ids: drafts, duplicates: 1, failed: 1 },
    });
  });
});

describe('POST /reviews/:id/retry', () => {
  it.for(['failed', 'partial', 'blocked'])('requests the rest of a %s review', async (status, { own }) => {
    const { id } = (await own.post(review)).body.data;
    await own.set(id, `status = '${status}', code = 'quota_exhausted', finished_at = now()`);
    await own.forgetRequests();
    const answer = await own.retry(id);
    expect(answer.status).toBe(202);
    expect(answer.body.data.extraction).toMatchObject({ status: 'queued', reason: null, finished_at: null });
    expect(await own.requested()).toEqual([id]);
    expect(await own.audited('review.retried')).toHaveLength(1);
  });

  it.for(['queued', 'running', 'completed'])('refuses a %s review', async (status, { own }) => {
    const { id } = (await own.post(review)).body.data;
    await own.set(id, `status = '${status}'`);
    await own.forgetRequests();
    const answer = await own.retry(id);
    expect([answer.status, answer.body.code]).toEqual([409, 'transition_not_allowed']);
    expect(await own.requested()).toEqual([]);
  });
});

/** What a tenant asks the API for here, and what is stored of it. */
function apiOf(service: RunningService, { id: tenantId, keys }: TestTenant) {
  const sql = (statement: string, values: readonly unknown[] = []) =>
    service.db.rawAsOwner(statement, [tenantId, ...values]);
  return {
    async post(body: unknown, headers: Readonly<Record<string, string>> = {}) {
      const answer = await fetch(`${service.apiUrl}/api/v1/reviews`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${keys.orchestrator}`,
          'content-type': 'application/json',
          ...headers,
        },
        body: JSON.stringify(body),
      });
      return { status: answer.status, headers: answer.headers, body: JSON.parse(await answer.text()) };
    },
    get: (id: string) => service.call(keys.orchestrator, 'GET', `/reviews/${id}`),
    list: (query: string) => service.call(keys.orchestrator, 'GET', `/reviews${query}`),
    retry: (id: string) => service.call(keys.orchestrator, 'POST', `/reviews/${id}/retry`),
    audited: async (action: string) =>
      (await service.call(keys.user, 'GET', `/audit?action=${action}`)).body.data,
    set: (id: string, columns: string) =>
      sql(`update reviews set ${columns} where tenant_id = $1 and id = $2`, [id]),
    /** Writes what became of an article of its first passage. */
    async made(id: string, number: number, outcome: string): Promise<string> {
      const articleId = randomUUID();
      await sql(
        `insert into extraction_articles (tenant_id, subject_kind, subject_id, part, half, number, outcome, article_id)
         values ($1, 'review', $2, 0, 0, $3, $4, $5)`,
        [id, number, outcome, articleId],
      );
      return articleId;
    },
    async forgetRequests() {
      // Without Temporal no send deletes a row, so none has to be waited for.
      await sql('delete from outbox where tenant_id = $1');
    },
    async requested(): Promise<string[]> {
      const rows = await sql(
        `select subject_id::text as id from outbox where tenant_id = $1 and kind = 'review' order by 1`,
      );
      return rows.map(({ id }) => String(id));
    },
  };
}
