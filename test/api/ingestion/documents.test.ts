import { describe, expect } from 'vitest';
import { factsOfService } from '../../support/fixtures.ts';
import { twinKey } from '../../support/provider-twin.ts';
import type { TestTenant } from '../../support/test-services.ts';
import { startWebServer } from '../../support/web-server.ts';
import { ingestionApi } from './ingestion-api.ts';

const it = factsOfService(({ twin }) => ({ ANTHROPIC_BASE_URL: twin.anthropicBaseUrl }))
  .extend('worker', { scope: 'file', auto: true }, async ({ service }, { onCleanup }) => {
    const worker = await service.startWorker();
    onCleanup(() => worker.stop());
    return worker;
  })
  .extend('key', () => twinKey())
  .extend('tenant', async ({ service, key }): Promise<TestTenant> => {
    const tenant = await service.createTenant();
    await tenant.setAnthropicKey(key);
    return tenant;
  })
  .extend('own', ({ service, tenant }) => ingestionApi(service, tenant));

const content = '# Retries\n\nA retry needs a budget, or it becomes a storm.';
/** Six parts, as each section is nearly as long as a part may be. */
const sections = Array.from(
  { length: 6 },
  (_, number) => `# Section ${number}\n\n${`Words of section ${number}, one after the other. `.repeat(200)}`,
);
const long = sections.join('\n\n');

const article = (title: string) => ({
  ...{ title, body: `${title}, in a few words.`, category: 'pattern', tags: ['retries'] },
});
/** An article of each passage, named by its section. */
const oneEach = ({ prompt }: { readonly prompt: string }) => ({
  articles: [article(`About ${/of section (\d)/.exec(prompt)?.[1] ?? 'retries'}`)],
});

describe('a document', () => {
  it('becomes drafts, with its progress, and its text is gone', async ({ service, own, twin, key }) => {
    twin.answer(key, oneEach);
    const { id } = (await own.ingest({ content, metadata: { team: 'a' } })).body.data;
    const job = await own.untilStatus(id, 'completed', 'failed', 'partial');
    expect(job).toMatchObject({
      ...{ status: 'completed', code: null, retryable: false },
      progress: { parts: 1, done: 1, failed: 0, articles: 1 },
      parts: [{ part: 0, half: 0, status: 'done', code: null, articles: 1 }],
      articles: { created: 1, duplicates: 0, failed: 0, left_out: 0 },
    });
    expect(job.progress.input_tokens).toBeGreaterThan(0);
    const [articleId] = job.article_ids;
    expect(await own.article(articleId)).toMatchObject({
      ...{ title: 'About retries', status: 'draft', source_type: 'note', metadata: { team: 'a' } },
    });
    expect(await own.rows('ingestion_documents')).toBe(0);
    expect(await own.rows('extraction_answers')).toBe(0);
    expect(await own.audited()).toEqual(['ingestion.queued', 'ingestion.completed']);
    expect(await own.rows('usage_ledger')).toBe(1);
    // The same text again buys nothing.
    const calls = twin.callsOf(key).length;
    expect((await own.ingest({ content })).body.meta).toMatchObject({ already_completed: true });
    expect(twin.callsOf(key)).toHaveLength(calls);
    expect(service.logLines.join('\n')).not.toContain('becomes a storm');
  });

  it('is published when that was asked for', async ({ own, twin, key }) => {
    twin.answer(key, oneEach);
    const { id } = (await own.ingest({ content, publish: true })).body.data;
    const job = await own.untilStatus(id, 'completed');
    expect(await own.article(job.article_ids[0])).toMatchObject({ status: 'published' });
  });

  it('that says what an article says already counts it as a duplicate, and not as an article', async ({
    own,
    twin,
    key,
  }) => {
    twin.answer(key, oneEach);
    const first = (await own.ingest({ content, publish: true })).body.data;
    await own.untilStatus(first.id, 'completed');
    const { id } = (await own.ingest({ content: `${content} Again.`, publish: true })).body.data;
    expect(await own.untilStatus(id, 'completed', 'failed')).toMatchObject({
      ...{ status: 'completed', article_ids: [], progress: { done: 1, articles: 0 } },
      parts: [{ articles: 0 }],
      articles: { created: 0, duplicates: 1 },
    });
  });

  it('is fetched from its address, and never published', async ({ own, twin, key }) => {
    const server = await startWebServer((_, response) => {
      response.setHeader('content-type', 'text/plain');
      response.end(content);
    });
    twin.answer(key, oneEach);
    const { id } = (await own.ingest({ url: `http://docs.example:${server.port}/page` })).body.data;
    const job = await own.untilStatus(id, 'completed', 'failed');
    server.close();
    expect(job).toMatchObject({ status: 'completed', source: 'url', code: null });
    expect(await own.article(job.article_ids[0])).toMatchObject({ status: 'draft' });
    expect(server.requests).toHaveLength(1);
  });

  it('fails with the code of what cannot be had or read, and no model is asked', async ({
    own,
    twin,
    key,
  }) => {
    const server = await startWebServer(() => undefined);
    server.close();
    const gone = (await own.ingest({ url: `http://docs.example:${server.port}/page` })).body.data;
    const failed = await own.untilStatus(gone.id, 'failed');
    expect(failed).toMatchObject({ code: 'url_unreachable', who: 'author', retryable: true });
    expect(await own.audited()).toEqual(['ingestion.queued', 'ingestion.failed']);
    expect(twin.callsOf(key)).toHaveLength(0);
  });

  it('of which a part is refused is partial, and what failed is asked for again without the rest', async ({
    own,
    twin,
    key,
  }) => {
    const refusals = { left: 1 };
    twin.script(key, [], {
      kind: 'by',
      step: (inputs) => {
        if (!inputs.join().includes('of section 3') || refusals.left === 0) return { kind: 'ok' };
        refusals.left -= 1;
        return { kind: 'ok', stopReason: 'refusal' };
      },
    });
    twin.answer(key, oneEach);
    const { id } = (await own.ingest({ content: long })).body.data;
    const partial = await own.untilStatus(id, 'partial', 'completed', 'failed');
    expect(partial).toMatchObject({
      ...{ status: 'partial', code: 'answer_refused', who: 'author', retryable: true },
      progress: { parts: 6, done: 5, failed: 1, articles: 5 },
    });
    expect(partial.parts[3]).toMatchObject({ part: 3, status: 'failed', code: 'answer_refused' });
    expect(twin.callsOf(key)).toHaveLength(6);

    expect((await own.retry(id)).status).toBe(202);
    const completed = await own.untilStatus(id, 'completed', 'failed');
    expect(completed).toMatchObject({
      ...{ status: 'completed', code: null, progress: { parts: 6, done: 6, articles: 6 } },
    });
    expect(twin.callsOf(key)).toHaveLength(7);
    expect(new Set(completed.article_ids).size).toBe(6);
    expect(await own.audited()).toEqual([
      ...['ingestion.queued', 'ingestion.partly_completed'],
      ...['ingestion.retried', 'ingestion.completed'],
    ]);
  });

  it('whose answer is cut off is asked about in halves, once', async ({ own, twin, key }) => {
    twin.script(key, [{ kind: 'ok', stopReason: 'max_tokens' }]);
    twin.answer(key, ({ prompt }) => ({ articles: [article(`About ${prompt.includes('Section 0')}`)] }));
    const { id } = (await own.ingest({ content: sections[0] })).body.data;
    const job = await own.untilStatus(id, 'completed', 'failed', 'partial');
    expect(job.parts).toMatchObject([
      { part: 0, half: 0, status: 'cut' },
      { part: 0, half: 1, status: 'done' },
      { part: 0, half: 2, status: 'done' },
    ]);
    expect(job).toMatchObject({ status: 'completed', progress: { parts: 2, done: 2 } });
    expect(twin.callsOf(key)).toHaveLength(3);
  });

  it('stops at a rejected key, and goes on from there with another', async ({ own, twin, key, tenant }) => {
    twin.script(key, [{ kind: 'ok' }], { kind: 'status', status: 401 });
    twin.answer(key, oneEach);
    const { id } = (await own.ingest({ content: long })).body.data;
    const stopped = await own.untilStatus(id, 'partial', 'failed', 'completed');
    expect(stopped).toMatchObject({ code: 'credential_rejected', who: 'tenant', retryable: true });
    const done = stopped.progress.done;
    expect(done).toBe(1);
    const another = twinKey();
    twin.answer(another, oneEach);
    await tenant.setAnthropicKey(another);
    await own.retry(id);
    const completed = await own.untilStatus(id, 'completed', 'failed');
    expect(completed).toMatchObject({ status: 'completed', progress: { parts: 6, done: 6 } });
    expect(twin.callsOf(another)).toHaveLength(5);
  });

  it('waits for an outage, shows until when, and another key ends the wait', async ({
    own,
    twin,
    key,
    tenant,
  }) => {
    twin.script(key, [], { kind: 'status', status: 500 });
    const { id } = (await own.ingest({ content })).body.data;
    const waiting = await own.untilWaiting(id);
    expect(waiting).toMatchObject({ status: 'running', code: 'provider_unavailable', who: 'provider' });
    const another = twinKey();
    twin.answer(another, oneEach);
    await tenant.setAnthropicKey(another);
    expect(await own.untilStatus(id, 'completed', 'failed')).toMatchObject({
      status: 'completed',
      code: null,
    });
  });

  it('that waits is cancelled at once, and its workflow ends', async ({
    service,
    own,
    twin,
    key,
    tenant,
  }) => {
    twin.script(key, [], { kind: 'status', status: 500 });
    const { id } = (await own.ingest({ content })).body.data;
    await own.untilWaiting(id);
    expect((await own.cancel(id)).body.data.status).toBe('cancelled');
    const handle = service.services.temporal.client.workflow.getHandle(`ingest/${tenant.id}/${id}`);
    expect(await handle.result()).toEqual({ outcome: 'cancelled', parts: 1, articles: 0 });
    expect(await own.rows('ingestion_documents')).toBe(0);
  });
});
