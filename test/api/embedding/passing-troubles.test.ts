import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { factsOfService } from '../../support/fixtures.ts';
import type { TwinStep } from '../../support/provider-twin.ts';
import { eventually } from '../../support/running-service.ts';

const it = factsOfService();

const refused = (status: number, body: unknown, type = 'application/json'): TwinStep => ({
  kind: 'status',
  status,
  body,
  headers: { 'content-type': type },
});

describe('an article that meets a trouble that passes', () => {
  it.for([
    ['a backend that fails', refused(424, { message: 'Inference failed', code: 424, type: 'backend' })],
    ['a conflict', refused(409, { error: { message: 'Conflict' } })],
    ['a page of a firewall', refused(403, '<!doctype html><h1>Blocked</h1>', 'text/html')],
    ['an answer that cannot be used', { kind: 'raw', body: '{"object":"list","data":null}' }],
  ] as const)('is embedded by the next call: %s', async ([, step], { service, tenant, twin, key }) => {
    twin.script(key, [step]);
    const worker = await service.startWorker();
    try {
      const written = await service.call(tenant.keys.user, 'POST', '/articles', {
        ...{ title: `Article ${randomUUID()}`, body: 'Some text.', category: 'idea', force: true },
      });
      const path = `/articles/${written.body.data.id}`;
      const embedding = await eventually(async () => {
        const state = (await service.call(tenant.keys.agent, 'GET', path)).body.data.embedding;
        return state.status === 'pending' ? undefined : state;
      });
      expect(embedding).toMatchObject({ status: 'embedded', reason: null, chunks: 1 });
      expect(twin.callsOf(key)).toHaveLength(2);
      const settings = await service.call(tenant.keys.user, 'GET', '/tenants/me/llm-config');
      expect(settings.body.embedding_key_status).toBe('verified');
    } finally {
      await worker.stop();
    }
  });
});
