import { randomUUID } from 'node:crypto';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { describe, expect } from 'vitest';
import { factsOfService } from '../../support/fixtures.ts';
import { twinKey, twinMarker } from '../../support/provider-twin.ts';
import { eventually, type RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

const it = factsOfService(({ twin }) => ({ ANTHROPIC_BASE_URL: twin.anthropicBaseUrl }))
  .extend('worker', { scope: 'file', auto: true }, async ({ service }) => service.startWorker())
  .extend('tenant', ({ service }): Promise<TestTenant> => service.createTenant())
  .extend('own', ({ service, tenant }) => apiOf(service, tenant));

const lesson = (title: string) => ({
  title,
  body: `${title}: what it teaches.`,
  category: 'pattern',
  tags: ['alerts'],
});

describe('a review', () => {
  it('becomes drafts, never published, and nothing of its words is in the history', async ({
    twin,
    service,
    tenant,
    own,
  }) => {
    const key = twinKey();
    const secret = `canary-${randomUUID()}`;
    twin.answer(key, () => ({
      articles: [lesson(`Lesson ${secret}`), { ...lesson('Another'), status: 'published' }],
    }));
    await tenant.setAnthropicKey(key);
    const review = await own.post(secret);
    const ended = await own.ended(review.id);
    expect(ended.extraction).toMatchObject({
      status: 'completed',
      reason: null,
      article_ids: [expect.any(String), expect.any(String)],
    });
    for (const id of ended.extraction.article_ids) {
      const { data } = (await service.call(tenant.keys.user, 'GET', `/articles/${id}`)).body;
      expect(data).toMatchObject({
        status: 'draft',
        source_type: 'review',
        metadata: { review_id: review.id },
      });
    }
    const handle = service.services.temporal.client.workflow.getHandle(review.extraction.workflow_id);
    expect(await handle.result()).toMatchObject({ outcome: 'completed', articles: 2 });
    const history = historyToJSON(await handle.fetchHistory());
    for (const word of [secret, key, 'vault:v']) {
      expect(history).not.toContain(word);
      expect(service.logLines.join('\n')).not.toContain(word);
    }
  });

  it('of a tenant without a key is drafted when one comes', async ({ tenant, own }) => {
    const review = await own.post('Keyless.');
    await eventually(async () => ((await own.blockedOperations()) > 0 ? true : undefined));
    expect((await own.read(review.id)).extraction).toMatchObject({ status: 'blocked', reason: 'no_api_key' });
    await tenant.setAnthropicKey(twinKey());
    expect((await own.ended(review.id)).extraction).toMatchObject({
      status: 'completed',
      article_ids: [expect.any(String)],
    });
  });

  it('whose key is rejected is blocked with the code, and goes on with another key', async ({
    twin,
    service,
    tenant,
    own,
  }) => {
    const rejected = twinKey();
    twin.script(rejected, [], { kind: 'status', status: 401 });
    await tenant.setAnthropicKey(rejected);
    const review = await own.post('Rejected.');
    const blocked = await eventually(async () => {
      const { extraction } = await own.read(review.id);
      return extraction.status === 'blocked' ? extraction : undefined;
    });
    expect(blocked).toMatchObject({ reason: 'credential_rejected', who: 'tenant', article_ids: [] });
    expect(JSON.stringify(blocked)).not.toContain(twinMarker);
    const { recent_failures: failures } = (await service.call(tenant.keys.user, 'GET', '/knowledge/pipeline'))
      .body.data;
    expect(failures).toMatchObject([
      { kind: 'review', id: review.id, code: 'credential_rejected', attempts: 1 },
    ]);
    await tenant.setAnthropicKey(twinKey());
    expect((await own.ended(review.id)).extraction.status).toBe('completed');
  });
});

/** What a tenant asks the API for here. */
function apiOf(service: RunningService, { keys }: TestTenant) {
  const read = async (id: string) => (await service.call(keys.user, 'GET', `/reviews/${id}`)).body.data;
  return {
    read,
    async post(words: string) {
      const { status, body } = await service.call(keys.orchestrator, 'POST', '/reviews', {
        review_type: 'incident',
        summary: `The login was away. ${words}`,
        findings: [{ title: 'No alert', body: `The check asked another host. ${words}` }],
      });
      expect(status).toBe(201);
      return body.data;
    },
    ended: (id: string) =>
      eventually(async () => {
        const review = await read(id);
        return ['completed', 'partial', 'failed'].includes(review.extraction.status) ? review : undefined;
      }),
    blockedOperations: async (): Promise<number> =>
      (await service.call(keys.user, 'GET', '/audit?action=llm.blocked_no_api_key')).body.data.length,
  };
}
