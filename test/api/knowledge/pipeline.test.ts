import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { failureTraits, guidanceOf } from '../../../src/domain/failures.ts';
import { factsOfService } from '../../support/fixtures.ts';
import type { RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

const it = factsOfService(() => ({ TEMPORAL_ADDRESS: '127.0.0.1:1' }))
  .extend('tenant', ({ service }): Promise<TestTenant> => service.createTenant())
  .extend('own', ({ service, tenant }) => pipelineOf(service, tenant));

describe('GET /knowledge/pipeline', () => {
  it('counts the ingestion jobs and the reviews by status', async ({ own }) => {
    await own.job('running', null);
    await own.job('cancelled', null);
    await own.review('queued', null);
    await own.review('completed', null);
    expect(await own.read()).toMatchObject({
      ingestion: { queued: 0, running: 1, completed: 0, partial: 0, failed: 0, cancelled: 1 },
      review: { queued: 1, running: 0, blocked: 0, completed: 1, partial: 0, failed: 0 },
      recent_failures: [],
    });
  });

  it('lists the failures of every kind together, the newest first, as many as are asked for', async ({
    tenant,
    own,
  }) => {
    const article = await own.article('failed', 'input_rejected');
    const blocked = await own.review('blocked', 'no_api_key');
    const job = await own.job('failed', 'url_unreachable');
    const partial = await own.review('partial', 'answer_refused');
    const { recent_failures: failures } = await own.read();
    expect(failures.map(({ id }: { id: string }) => id)).toEqual([partial, job, blocked, article]);
    expect(failures[1]).toEqual({
      ...{ kind: 'ingestion', id: job, code: 'url_unreachable', ...guidanceOf('url_unreachable') },
      ...{ message: failureTraits.url_unreachable.title, attempts: 0, failed_at: expect.any(String) },
      ...{ retryable: false, workflow_id: `ingest/${tenant.id}/${job}` },
    });
    expect(failures[2]).toMatchObject({ kind: 'review', workflow_id: `review/${tenant.id}/${blocked}` });
    expect((await own.read('?limit=3')).recent_failures).toEqual(failures.slice(0, 3));
  });

  it('counts the calls that failed for a review', async ({ own }) => {
    const id = await own.review('failed', 'provider_timeout');
    await own.calls(id, ['ok', 'provider_timeout', 'provider_timeout']);
    expect((await own.read()).recent_failures).toMatchObject([{ id, attempts: 2, retryable: true }]);
  });
});

/** The pipeline of a tenant, and rows as its rooms leave them. */
function pipelineOf(service: RunningService, { id: tenantId, keys }: TestTenant) {
  const insert = async (statement: string, values: readonly unknown[]): Promise<string> => {
    const id = randomUUID();
    await service.db.rawAsOwner(statement, [tenantId, id, ...values]);
    return id;
  };
  return {
    async read(query = '') {
      const { status, body } = await service.call(keys.orchestrator, 'GET', `/knowledge/pipeline${query}`);
      expect(status).toBe(200);
      return body.data;
    },
    review: (status: string, code: string | null) =>
      insert(
        `insert into reviews (tenant_id, id, review_type, summary, findings, actor_label, actor_role, status, code)
         values ($1, $2, 'incident', 'A summary.', '[]', 'x', 'user', $3, $4)`,
        [status, code],
      ),
    job: (status: string, code: string | null) =>
      insert(
        `insert into ingestion_jobs (tenant_id, id, source_kind, content_hash, source_bytes, source_type, publish, max_articles,
                                     actor_label, actor_role, status, code)
         values ($1, $2, 'text', gen_random_uuid()::text, 1, 'note', false, 10, 'x', 'user', $3, $4)`,
        [status, code],
      ),
    async article(status: string, reason: string): Promise<string> {
      const id = await insert(
        `insert into articles (tenant_id, id, title, body, category, status, content_hash)
         values ($1, $2, 'A title', 'Text.', 'idea', 'published', 'h')`,
        [],
      );
      await service.db.rawAsOwner(
        'insert into article_embeddings (tenant_id, article_id, status, reason) values ($1, $2, $3, $4)',
        [tenantId, id, status, reason],
      );
      return id;
    },
    calls: (id: string, outcomes: readonly string[]) =>
      service.db.rawAsOwner(
        `insert into provider_calls (tenant_id, id, provider, operation, source, model, key_version, subject_id, inputs, finished_at, outcome)
         select $1, gen_random_uuid(), 'anthropic', 'extraction', 'workflow', 'm', 1, $2, 1, now(), outcome
           from unnest($3::text[]) outcome`,
        [tenantId, id, outcomes],
      ),
  };
}
