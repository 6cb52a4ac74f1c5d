import { randomUUID } from 'node:crypto';
import { describe, expect, vi } from 'vitest';
import { type Activities, createActivities } from '../../../activities/index.ts';
import type { JobRef } from '../../../src/domain/extract-content.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { twinKey } from '../../support/provider-twin.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

const it = factsOfServices(({ twin }) => ({ ANTHROPIC_BASE_URL: twin.anthropicBaseUrl }))
  .extend('key', () => twinKey())
  .extend('tenant', async ({ test, key }): Promise<TestTenant> => {
    const tenant = await test.createTenant();
    await tenant.setAnthropicKey(key);
    return tenant;
  })
  .extend('activities', ({ test }): Activities => createActivities(test.services))
  .extend('job', ({ test, tenant }): Promise<JobRef> => queue(test, tenant, 'Some words about retries.'));

const first = { part: 0, half: 0 } as const;
/** More than a step makes at once. */
const manyArticles = 35;

describe('prepareDocument', () => {
  it('reads the document once, and lists the same open parts each time', async ({
    test,
    activities,
    job,
  }) => {
    const prepared = { kind: 'prepared', attempt: 1, open: [first] };
    expect(await activities.prepareDocument(job)).toEqual(prepared);
    const before = await rowsOf(test, 'ingestion_documents', job);
    expect(before).toMatchObject([{ source: null, ended_at: null }]);
    expect(await activities.prepareDocument(job)).toEqual(prepared);
    expect(await rowsOf(test, 'ingestion_documents', job)).toEqual(before);
    expect(await rowsOf(test, 'ingestion_jobs', job)).toMatchObject([{ status: 'running' }]);
  });

  it('fails for good with what cannot be read', async ({ test, tenant, activities }) => {
    const job = await queue(test, tenant, Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1, 2]));
    await expect(activities.prepareDocument(job)).rejects.toMatchObject({
      ...{ type: 'unsupported_content', nonRetryable: true },
    });
  });

  it('finds nothing of a job that is gone, or of another tenant', async ({ test, activities, job }) => {
    const stranger = await test.createTenant();
    expect(await activities.prepareDocument({ ...job, jobId: randomUUID() })).toEqual({ kind: 'ended' });
    expect(await activities.prepareDocument({ ...job, tenantId: stranger.id })).toEqual({ kind: 'ended' });
    expect(await rowsOf(test, 'ingestion_jobs', job)).toMatchObject([{ status: 'queued' }]);
  });
});

describe('extractPart', () => {
  it('buys an answer and makes its articles, once', async ({ test, twin, key, activities, job }) => {
    await activities.prepareDocument(job);
    expect(await activities.extractPart({ ...job, ...first })).toEqual({ kind: 'settled' });
    expect(await activities.extractPart({ ...job, ...first })).toEqual({ kind: 'settled' });
    expect(twin.callsOf(key)).toHaveLength(1);
    expect(await articlesOf(test, job)).toHaveLength(1);
    const [part] = await rowsOf(test, 'ingestion_parts', job);
    expect(part).toMatchObject({ status: 'done', articles: 1 });
    expect(Number(part?.input_tokens)).toBeGreaterThan(0);
  });

  it('makes no article of a job that is cancelled during the call', async ({
    test,
    twin,
    key,
    tenant,
    activities,
    job,
  }) => {
    await activities.prepareDocument(job);
    let answer = (): void => undefined;
    const heldUntil = new Promise<void>((resolve) => {
      answer = resolve;
    });
    twin.script(key, [{ kind: 'ok', heldUntil }]);
    const extracted = activities.extractPart({ ...job, ...first });
    await vi.waitFor(() => expect(twin.callsOf(key)).toHaveLength(1), { timeout: 20_000 });
    await test.services.ingestion.cancel(tenant.actor, job.jobId);
    answer();
    expect(await extracted).toEqual({ kind: 'ended' });
    expect(await articlesOf(test, job)).toEqual([]);
  });

  it('fails for good with a rejected key, and leaves the part open', async ({
    test,
    twin,
    key,
    activities,
    job,
  }) => {
    await activities.prepareDocument(job);
    twin.script(key, [{ kind: 'status', status: 401 }]);
    await expect(activities.extractPart({ ...job, ...first })).rejects.toMatchObject({
      ...{ type: 'credential_rejected', nonRetryable: true },
    });
    expect(await rowsOf(test, 'ingestion_parts', job)).toMatchObject([{ status: 'waiting', code: null }]);
  });

  it('answers with a failure that may pass', async ({ test, twin, key, activities, job }) => {
    await activities.prepareDocument(job);
    twin.script(key, [{ kind: 'status', status: 500 }]);
    const answer = await activities.extractPart({ ...job, ...first });
    expect(answer).toMatchObject({ kind: 'passing', code: 'provider_unavailable' });
    expect(await rowsOf(test, 'ingestion_parts', job)).toMatchObject([{ status: 'waiting' }]);
  });

  it('asks once more about an answer of another shape, then fails the part', async ({
    test,
    twin,
    key,
    activities,
    job,
  }) => {
    await activities.prepareDocument(job);
    twin.script(key, [], { kind: 'ok', says: 'no JSON' });
    expect(await activities.extractPart({ ...job, ...first })).toEqual({ kind: 'again' });
    expect(await activities.extractPart({ ...job, ...first })).toEqual({ kind: 'settled' });
    expect(await activities.extractPart({ ...job, ...first })).toEqual({ kind: 'settled' });
    expect(twin.callsOf(key)).toHaveLength(2);
    expect(await rowsOf(test, 'ingestion_parts', job)).toMatchObject([
      { status: 'failed', code: 'malformed_response' },
    ]);
  });

  it('pays for no part whose articles would be left out', async ({ test, twin, key, tenant, activities }) => {
    const words = (number: number) => `# ${number}\n\n${`Words of section ${number}. `.repeat(450)}`;
    const job = await queue(test, tenant, `${words(1)}\n\n${words(2)}`, 1);
    await activities.prepareDocument(job);
    await activities.extractPart({ ...job, ...first });
    expect(await activities.extractPart({ ...job, part: 1, half: 0 })).toEqual({ kind: 'settled' });
    expect(twin.callsOf(key)).toHaveLength(1);
    expect(await rowsOf(test, 'ingestion_jobs', job)).toMatchObject([{ notes: ['article_limit_reached'] }]);
    expect(await activities.finishJob({ ...job, attempt: 1 })).toMatchObject({
      status: 'completed',
      articles: 1,
    });
  });
});

describe('makeArticles', () => {
  it('makes each article of an answer with too many for the step of its call, once', async ({
    test,
    twin,
    key,
    tenant,
    activities,
  }) => {
    const job = await queue(test, tenant, 'A text that is worth many articles.', manyArticles);
    twin.answer(key, () => ({
      articles: Array.from({ length: manyArticles }, (_, number) => ({
        ...{ title: `Article ${number}`, body: `Body ${number}`, category: 'pattern', tags: [] },
      })),
    }));
    await activities.prepareDocument(job);
    expect(await activities.extractPart({ ...job, ...first })).toEqual({ kind: 'extracted' });
    expect(await articlesOf(test, job)).toEqual([]);
    const runs = [];
    for (let run = 0; run < 4; run += 1)
      runs.push((await activities.makeArticles({ ...job, ...first })).kind);
    expect(runs).toEqual(['again', 'again', 'settled', 'settled']);
    expect(twin.callsOf(key)).toHaveLength(1);
    expect(await articlesOf(test, job)).toEqual(
      Array.from({ length: manyArticles }, () => ({ status: 'draft', source_type: 'note' })),
    );
  });

  it('makes nothing of a part without an answer', async ({ test, activities, job }) => {
    await activities.prepareDocument(job);
    expect(await activities.makeArticles({ ...job, ...first })).toEqual({ kind: 'settled' });
    expect(await articlesOf(test, job)).toEqual([]);
  });
});

describe('showJobWait and finishJob', () => {
  it('show a wait on a job under way, and on no other', async ({ test, activities, job }) => {
    const wait = { code: 'circuit_open', inMs: 60_000 } as const;
    await activities.showJobWait({ ...job, ...wait });
    expect(await rowsOf(test, 'ingestion_jobs', job)).toMatchObject([{ code: 'circuit_open' }]);
    await activities.finishJob({ ...job, code: 'internal' });
    await activities.showJobWait({ ...job, ...wait });
    expect(await rowsOf(test, 'ingestion_jobs', job)).toMatchObject([
      { status: 'failed', code: 'internal', next_attempt_at: null },
    ]);
  });

  it('end a job once, and not that of a later try', async ({ test, tenant, activities, job }) => {
    await activities.prepareDocument(job);
    const failed = { kind: 'finished', status: 'failed', code: 'internal', parts: 1, articles: 0 };
    expect(await activities.finishJob({ ...job, attempt: 1, code: 'internal' })).toEqual(failed);
    expect(await activities.finishJob({ ...job, attempt: 1, code: 'quota_exhausted' })).toEqual(failed);
    const retried = await test.services.ingestion.retry(tenant.actor, job.jobId);
    expect(retried).toMatchObject({ kind: 'ok', job: { status: 'queued', attempt: 2 } });
    expect(await activities.finishJob({ ...job, attempt: 1, code: 'internal' })).toEqual({ kind: 'changed' });
    expect(await activities.prepareDocument(job)).toEqual({ kind: 'prepared', attempt: 2, open: [first] });
  });

  it('keep the document of a job for seven days, and no longer', async ({
    test,
    tenant,
    activities,
    job,
  }) => {
    await activities.finishJob({ ...job, code: 'internal' });
    const age = (interval: string) =>
      test.db.rawAsOwner('update ingestion_documents set ended_at = now() - $2::interval where job_id = $1', [
        job.jobId,
        interval,
      ]);
    await age('6 days 23 hours');
    await test.services.retention.sweep();
    expect(await rowsOf(test, 'ingestion_documents', job)).toHaveLength(1);
    await age('7 days 1 hour');
    await test.services.retention.sweep();
    expect(await rowsOf(test, 'ingestion_documents', job)).toHaveLength(0);
    expect(await test.services.ingestion.retry(tenant.actor, job.jobId)).toEqual({ kind: 'document_gone' });
  });
});

describe('the reconciler', () => {
  it('requests the workflow of a job that nothing works on, once', async ({ test, activities, job }) => {
    const requested = () =>
      test.db.rawAsOwner(`select subject_id from outbox where kind = 'ingestion' and subject_id = $1`, [
        job.jobId,
      ]);
    const forget = () => test.db.rawAsOwner('delete from outbox where subject_id = $1', [job.jobId]);
    await forget();
    await activities.requeueForgotten();
    expect(await requested()).toEqual([]);
    const old = `update ingestion_jobs set updated_at = now() - interval '16 minutes' where id = $1`;
    await test.db.rawAsOwner(old, [job.jobId]);
    await activities.requeueForgotten();
    expect(await requested()).toEqual([{ subject_id: job.jobId }]);
    await forget();
    // It was touched just now; and one that waits for an announced attempt is not forgotten.
    await activities.requeueForgotten();
    await activities.showJobWait({ ...job, code: 'provider_unavailable', inMs: 3_600_000 });
    await test.db.rawAsOwner(old, [job.jobId]);
    await activities.requeueForgotten();
    expect(await requested()).toEqual([]);
  });
});

async function queue(
  test: TestServices,
  tenant: TestTenant,
  content: string | Buffer,
  maxArticles = 10,
): Promise<JobRef> {
  const queued = await test.services.ingestion.queue(tenant.actor, {
    document:
      typeof content === 'string'
        ? { kind: 'text', text: content }
        : { kind: 'file', bytes: content, name: null, contentType: 'text/plain' },
    ...{ title: null, sourceType: 'note', publish: false, maxArticles, metadata: {} },
  });
  if (queued.kind !== 'queued') throw new Error(queued.kind);
  return { tenantId: tenant.id, jobId: queued.job.id };
}

const articlesOf = (test: TestServices, { tenantId }: JobRef) =>
  test.db.rawAsOwner('select status, source_type from articles where tenant_id = $1', [tenantId]);

const rowsOf = (test: TestServices, table: string, { tenantId, jobId }: JobRef) =>
  test.db.rawAsOwner(
    `select * from ${table} where tenant_id = $1 and ${table === 'ingestion_jobs' ? 'id' : 'job_id'} = $2`,
    [tenantId, jobId],
  );
