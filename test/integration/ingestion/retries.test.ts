import { describe, expect } from 'vitest';
import { type Activities, createActivities } from '../../../activities/index.ts';
import type { JobRef } from '../../../src/domain/extract-content.ts';
import { keepDocument, reviveDocument } from '../../../src/ingestion/jobs/document-store.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { holdTransaction, untilWaiting } from '../../support/held-transaction.ts';
import { twinKey } from '../../support/provider-twin.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

const it = factsOfServices(({ twin }) => ({ ANTHROPIC_BASE_URL: twin.anthropicBaseUrl }))
  .extend('key', () => twinKey())
  .extend('tenant', async ({ test, key }): Promise<TestTenant> => {
    const tenant = await test.createTenant();
    await tenant.setAnthropicKey(key);
    return tenant;
  })
  .extend('activities', ({ test }): Activities => createActivities(test.services));

describe('the documents that are kept for a retry', () => {
  it('are the newest of the tenant', async ({ test, tenant, activities }) => {
    const older = await failedJob(test, tenant, activities, 'The first text.');
    const newer = await failedJob(test, tenant, activities, 'The second text.');
    await test.services.database.withTenant(tenant.id, (tx) => keepDocument(tx, tenant.id, newer.jobId, 1));
    expect(await kept(test, tenant)).toEqual([newer.jobId]);
    expect(await test.services.ingestion.retry(tenant.actor, older.jobId)).toEqual({ kind: 'document_gone' });
  });

  it('lose none that a retry takes back at the same moment', async ({ test, tenant, activities }) => {
    const { database } = test.services;
    const older = await failedJob(test, tenant, activities, 'The first text.');
    const newer = await failedJob(test, tenant, activities, 'The second text.');
    const retry = await holdTransaction(database, tenant.id, (tx) =>
      reviveDocument(tx, tenant.id, older.jobId),
    );
    const keeping = database.withTenant(tenant.id, (tx) => keepDocument(tx, tenant.id, newer.jobId, 1));
    expect(await untilWaiting(test.db, keeping)).toBe('waits');
    await retry.commit();
    await keeping;
    expect(await kept(test, tenant)).toEqual([older.jobId, newer.jobId]);
  });
});

describe('a retry', () => {
  it('calls at once, although the key is paused since its quota was used up', async ({
    test,
    tenant,
    twin,
    key,
    activities,
  }) => {
    const job = await failedJob(test, tenant, activities, 'Some words about retries.');
    await test.services.ingestion.retry(tenant.actor, job.jobId);
    await activities.prepareDocument(job);
    const part = { ...job, part: 0, half: 0 } as const;
    twin.script(key, [{ kind: 'status', status: 402 }]);
    await expect(activities.extractPart(part)).rejects.toMatchObject({ type: 'quota_exhausted' });
    await expect(activities.extractPart(part)).rejects.toMatchObject({ type: 'quota_exhausted' });
    expect(twin.callsOf(key)).toHaveLength(1);
    await activities.finishJob({ ...job, code: 'quota_exhausted' });

    await test.services.ingestion.retry(tenant.actor, job.jobId);
    await activities.prepareDocument(job);
    expect(await activities.extractPart(part)).toEqual({ kind: 'extracted' });
  });
});

/** A job that has failed and can be tried again. */
async function failedJob(
  test: TestServices,
  tenant: TestTenant,
  activities: Activities,
  text: string,
): Promise<JobRef> {
  const queued = await test.services.ingestion.queue(tenant.actor, {
    document: { kind: 'text', text },
    ...{ title: null, sourceType: 'note', publish: false, maxArticles: 10, metadata: {} },
  });
  if (queued.kind !== 'queued') throw new Error(queued.kind);
  const job = { tenantId: tenant.id, jobId: queued.job.id };
  await activities.finishJob({ ...job, code: 'provider_unavailable' });
  return job;
}

/** The jobs whose documents are there, the oldest first. */
async function kept({ db }: TestServices, tenant: TestTenant): Promise<unknown[]> {
  const rows = await db.rawAsOwner(
    `select d.job_id from ingestion_documents d join ingestion_jobs j on j.id = d.job_id
      where d.tenant_id = $1 order by j.created_at`,
    [tenant.id],
  );
  return rows.map((row) => row.job_id);
}
