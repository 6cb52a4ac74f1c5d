import { createHash } from 'node:crypto';
import { describe, expect } from 'vitest';
import { maxJobsUnderWay } from '../../../src/ingestion/limits.ts';
import { factsOfService } from '../../support/fixtures.ts';
import { twinKey } from '../../support/provider-twin.ts';
import type { TestTenant } from '../../support/test-services.ts';
import { ingestionApi } from './ingestion-api.ts';

// Without Temporal: a document is taken on all the same, and nothing of it is worked off.
const it = factsOfService(() => ({ TEMPORAL_ADDRESS: '127.0.0.1:1' }))
  .extend('tenant', async ({ service }): Promise<TestTenant> => {
    const tenant = await service.createTenant();
    await tenant.setAnthropicKey(twinKey());
    return tenant;
  })
  .extend('own', ({ service, tenant }) => ingestionApi(service, tenant));

const content = '# Retries\n\nA retry needs a budget, or it becomes a storm.';

describe('POST /knowledge/ingest', () => {
  it('queues a text: the job, its sealed text, the request for its workflow and the audit row', async ({
    own,
    tenant,
  }) => {
    const { status, body, headers } = await own.ingest({ content, metadata: { team: 'a' } });
    const { id } = body.data;
    expect([status, body]).toEqual([
      202,
      {
        data: {
          ...{ id, status: 'queued', workflow_id: `ingest/${tenant.id}/${id}` },
          content_hash: createHash('sha256').update(content).digest('hex'),
        },
      },
    ]);
    expect(headers.get('location')).toBe(`/api/v1/knowledge/ingestion-jobs/${id}`);
    expect(await own.requested()).toEqual([{ subject_id: id }]);
    expect(await own.audited()).toEqual(['ingestion.queued']);
    expect(await own.job(id)).toMatchObject({
      ...{ source: 'text', source_type: 'note', publish: false, max_articles: 10, metadata: { team: 'a' } },
      progress: { parts: 0, articles: 0 },
      parts: [],
      article_ids: [],
    });
  });

  it('stores no text, title or address as it stands', async ({ service, own }) => {
    await own.ingest({ content, title: 'Storms of retries' });
    await own.ingest({ url: 'https://example.com/secret-page?token=abc' });
    const rows = await service.db.rawAsOwner(
      `select row_to_json(j)::text as row from ingestion_jobs j
       union all select encode(about, 'escape') || encode(coalesce(source, ''), 'escape') from ingestion_documents
       union all select details::text from audit_log`,
    );
    const text = rows.map(({ row }) => String(row)).join('\n');
    for (const secret of ['becomes a', 'Storms of retries', 'example.com', 'secret-page'])
      expect(text).not.toContain(secret);
  });

  it('answers a second request for the same content with the job under way', async ({ own }) => {
    const first = await own.ingest({ content });
    const second = await own.ingest({ content, title: 'Another title' });
    expect([second.status, second.body]).toEqual([
      200,
      { data: first.body.data, meta: { already_queued: true, already_completed: false } },
    ]);
    // Of another source, and published, it is another job.
    expect((await own.ingest({ content, source_type: 'wiki' })).status).toBe(202);
    expect((await own.ingest({ content, publish: true })).status).toBe(202);
    expect(await own.rows('ingestion_jobs')).toBe(3);
  });

  it('makes one job of requests for the same content at the same time', async ({ own }) => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => own.ingest({ content })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(7).fill(200), 202]);
    expect(new Set(answers.map(({ body }) => body.data.id)).size).toBe(1);
    expect([await own.rows('ingestion_jobs'), await own.rows('ingestion_documents')]).toEqual([1, 1]);
  });

  it('answers with the finished job for a text, and asks an address again', async ({
    service,
    own,
    tenant,
  }) => {
    const done = async (id: string) =>
      service.db.rawAsOwner(
        `update ingestion_jobs set status = 'completed' where tenant_id = $1 and id = $2`,
        [tenant.id, id],
      );
    const text = (await own.ingest({ content })).body.data;
    await done(text.id);
    expect(await own.ingest({ content })).toMatchObject({
      status: 200,
      body: { data: { id: text.id, status: 'completed' }, meta: { already_completed: true } },
    });
    const url = 'https://example.com/page';
    const page = (await own.ingest({ url })).body.data;
    expect((await own.ingest({ url: `${url}#part` })).body.data.id).toBe(page.id);
    await done(page.id);
    expect((await own.ingest({ url })).status).toBe(202);
  });

  it('refuses without an Anthropic key, with what to do, and notes the blocked operation', async ({
    service,
    own,
    tenant,
  }) => {
    await tenant.setAnthropicKey(null);
    const { status, body } = await own.ingest({ content });
    expect([status, body.code, body.who]).toEqual([422, 'no_api_key', 'tenant']);
    expect(body.next_step).toContain('settings');
    expect(body.detail).toContain('`api_key`');
    const { body: audit } = await service.call(
      tenant.keys.user,
      'GET',
      '/audit?action=llm.blocked_no_api_key',
    );
    expect(audit.data).toMatchObject([{ details: { operation: 'extraction', count: 1 } }]);
    expect(await own.batch([{ content, source_type: 'note' }])).toMatchObject({
      status: 422,
      body: { code: 'no_api_key' },
    });
    expect(await own.rows('ingestion_jobs')).toBe(0);
  });

  it.for([
    'ftp://example.com/file',
    'http://127.0.0.1/',
    'http://[::1]:8080/',
    'http://0x7f.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://10.0.0.8/',
    'http://localhost/',
    'https://user:word@example.com/',
  ])('refuses the address %s before it is queued', async (url, { own }) => {
    const { status, body } = await own.ingest({ url });
    expect([status, body.code]).toEqual([422, 'url_forbidden']);
    expect(await own.rows('ingestion_jobs')).toBe(0);
  });

  it.for([
    [{}, 'content'],
    [{ content: ' ' }, 'content'],
    [{ content, url: 'https://example.com' }, 'url'],
    [{ url: 'no address' }, 'url'],
    [{ url: 'https://example.com', publish: true }, 'publish'],
    [{ content, max_articles: 51 }, 'max_articles'],
    [{ content, source_type: '' }, 'source_type'],
    [{ content, category: 'idea' }, 'category'],
  ] as const)('refuses %o by its field %s', async ([document, path], { own }) => {
    const { status, body } = await own.ingest(document);
    expect([status, body.code, body.errors[0].path]).toEqual([422, 'validation_failed', path]);
  });

  it('refuses a job beyond those that may be under way, and takes it once one has ended', async ({
    service,
    own,
    tenant,
  }) => {
    const first = (await own.ingest({ content })).body.data;
    await service.db.rawAsOwner(
      `insert into ingestion_jobs (tenant_id, id, source_kind, content_hash, source_bytes, source_type, publish,
                                   max_articles, actor_label, actor_role)
       select $1, gen_random_uuid(), 'text', n::text, 1, 'note', false, 10, 'x', 'agent' from generate_series(2, $2) n`,
      [tenant.id, maxJobsUnderWay],
    );
    const another = { content: `${content} Once more.` };
    const refused = await own.ingest(another);
    expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const [item] = (await own.batch([{ ...another, source_type: 'note' }])).body.data;
    expect([item.status, item.problem.code]).toEqual([429, 'rate_limited']);
    expect(item.problem.retry_after).toBe(Number(refused.headers.get('retry-after')));
    // What is under way already is still answered.
    expect((await own.ingest({ content })).status).toBe(200);
    await own.cancel(first.id);
    expect((await own.ingest(another)).status).toBe(202);
  });

  it('bounds the bytes that lie sealed', async ({ service, own, tenant }) => {
    const { id } = (await own.ingest({ content })).body.data;
    await service.db.rawAsOwner(
      `update ingestion_jobs set source_bytes = 99999990 where tenant_id = $1 and id = $2`,
      [tenant.id, id],
    );
    const refused = await own.ingest({ content: `${content} Once more.` });
    expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
  });

  it('takes a file as the part of a form', async ({ service, own, tenant }) => {
    const form = new FormData();
    form.set('file', new Blob([content], { type: 'text/markdown' }), 'retries.md');
    form.set('source_type', 'upload');
    form.set('max_articles', '3');
    const response = await fetch(`${service.apiUrl}/api/v1/knowledge/ingest`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant.keys.orchestrator}` },
      body: form,
    });
    expect(response.status).toBe(202);
    const [job] = (await own.list()).body.data;
    expect(job).toMatchObject({ source: 'file', source_type: 'upload', max_articles: 3 });
  });

  it('gives the first answer again for an Idempotency-Key', async ({ service, own, tenant }) => {
    const send = (document: unknown) =>
      fetch(`${service.apiUrl}/api/v1/knowledge/ingest`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${tenant.keys.orchestrator}`,
          ...{ 'content-type': 'application/json', 'idempotency-key': 'one' },
        },
        body: JSON.stringify(document),
      });
    const document = { content, source_type: 'note' };
    const [first, second] = [await send(document), await send(document)];
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(await second.json()).toEqual(await first.json());
    expect(await own.rows('ingestion_jobs')).toBe(1);
    expect((await send({ ...document, content: 'Another.' })).status).toBe(409);
  });

  it('is not for agents', async ({ service, tenant }) => {
    const { status } = await service.call(tenant.keys.agent, 'POST', '/knowledge/ingest', {
      ...{ content, source_type: 'note' },
    });
    expect(status).toBe(403);
  });
});

describe('POST /knowledge/ingest/batch', () => {
  it('answers each item, and a wrong one costs none of the others', async ({ own }) => {
    const { status, body } = await own.batch([
      { content, source_type: 'note' },
      { content: 7 },
      { url: 'http://10.0.0.1/', source_type: 'note' },
      { content, source_type: 'note' },
      { content: 'Another text.', source_type: 'note' },
    ]);
    expect(status).toBe(200);
    expect(body.data.map((item: { status: number }) => item.status)).toEqual([202, 422, 422, 200, 202]);
    expect(body.data[1].problem).toMatchObject({
      code: 'validation_failed',
      errors: [
        { path: 'content', message: 'must be a text' },
        { path: 'source_type', message: 'is required' },
      ],
    });
    expect(body.data[2].problem).toMatchObject({ code: 'url_forbidden', who: 'author' });
    expect(body.data[3]).toMatchObject({ data: body.data[0].data, meta: { already_queued: true } });
    expect(await own.rows('ingestion_jobs')).toBe(2);
  });

  it('takes 1 to 50 items', async ({ own }) => {
    const item = { content, source_type: 'note' };
    expect((await own.batch([])).status).toBe(422);
    expect((await own.batch(Array.from({ length: 51 }, () => item))).status).toBe(422);
  });
});

describe('GET /knowledge/ingestion-jobs', () => {
  it('pages through the jobs, newest first, and filters them', async ({ own }) => {
    const ids: string[] = [];
    for (const number of [1, 2, 3, 4, 5]) {
      const source_type = number === 2 ? 'wiki' : 'note';
      ids.unshift((await own.ingest({ content: `Text ${number}.`, source_type })).body.data.id);
    }
    const idsOf = (body: { data: readonly { id: string }[] }) => body.data.map(({ id }) => id);
    const first = (await own.list('?limit=3')).body;
    const second = (await own.list(`?limit=3&cursor=${first.meta.next_cursor}`)).body;
    expect([...idsOf(first), ...idsOf(second)]).toEqual(ids);
    expect(second.meta.next_cursor).toBeNull();
    expect(idsOf((await own.list('?source_type=wiki')).body)).toEqual([ids[3]]);
    await own.cancel(ids[0] ?? '');
    expect(idsOf((await own.list('?status=cancelled')).body)).toEqual([ids[0]]);
    expect((await own.list('?status=lost')).status).toBe(422);
  });
});

describe('POST /knowledge/ingestion-jobs/:id/cancel', () => {
  it('ends the job at once and deletes its text, even while Temporal is away', async ({ own }) => {
    const { id } = (await own.ingest({ content })).body.data;
    const { status, body } = await own.cancel(id);
    expect([status, body.data.status, body.data.retryable]).toEqual([200, 'cancelled', false]);
    expect(body.data.finished_at).not.toBeNull();
    expect(await own.rows('ingestion_documents')).toBe(0);
    expect(await own.audited()).toEqual(['ingestion.queued', 'ingestion.cancelled']);
    // Once more changes nothing.
    expect((await own.cancel(id)).status).toBe(200);
    expect(await own.audited()).toHaveLength(2);
    expect((await own.retry(id)).body.code).toBe('transition_not_allowed');
    // The content may be sent again.
    expect((await own.ingest({ content })).status).toBe(202);
  });
});
