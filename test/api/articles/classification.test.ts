import { describe, expect } from 'vitest';
import { classifyArticleWorkflowId } from '../../../src/domain/temporal-names.ts';
import type { Answer } from '../../support/answer.ts';
import { factsOfService } from '../../support/fixtures.ts';
import { eventually, type RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

// Articles without a category over real HTTP, Postgres and Temporal; Anthropic is the twin.
const it = factsOfService(({ twin }) => ({ ANTHROPIC_BASE_URL: twin.anthropicBaseUrl }))
  .extend('keyless', ({ service }): Promise<TestTenant> => service.createTenant())
  .extend('worker', { scope: 'file' }, async ({ service }, { onCleanup }) => {
    const worker = await service.startWorker();
    onCleanup(() => worker.stop());
    return worker;
  });

const article = { title: 'Postgres it is', body: 'We chose Postgres.', category: null, force: true };

describe('POST /articles without a category', () => {
  it('answers 201 with `finding`, pending, and without a key or a wait', async ({ service, keyless }) => {
    const { status, body } = await service.call(keyless.keys.agent, 'POST', '/articles', article);
    expect(status).toBe(201);
    expect(body.data).toMatchObject({ category: 'finding', revision: 1, status: 'published' });
    expect(body.data.classification).toEqual({
      ...{ status: 'pending', reason: null, who: null, next_step: null, confidence: null },
      classified_at: null,
    });
    const listed = await service.call(keyless.keys.agent, 'GET', '/articles?fields=classification');
    expect(listed.body.data).toEqual([{ id: body.data.id, classification: body.data.classification }]);
  });

  it('refuses one where the category is missing', async ({ service, keyless }) => {
    const { category: _, ...without } = article;
    const { status, body } = await service.call(keyless.keys.agent, 'POST', '/articles', without);
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ path: 'category' }]);
  });

  it('has no classification where the author names a category', async ({ service, keyless }) => {
    const named = { ...article, category: 'idea' };
    const { body } = await service.call(keyless.keys.agent, 'POST', '/articles', named);
    expect(body.data).toMatchObject({ category: 'idea', classification: null });
  });

  it('is found by its category once the model has answered, with another ETag', async ({
    service,
    worker: _,
    twin,
    key,
    keyless,
  }) => {
    await keyless.setAnthropicKey(key);
    twin.answer(key, () => ({ category: 'decision', confidence: 0.8 }));
    const { body, headers } = await service.call(keyless.keys.agent, 'POST', '/articles', article);
    const { id } = body.data;
    const classified = await untilClassified(service, keyless, id, 'classified');
    expect(classified.body.data).toMatchObject({
      ...{ category: 'decision', revision: 2 },
      classification: { reason: null, confidence: 0.8, classified_at: expect.any(String) },
    });
    expect([headers.get('etag'), classified.headers.get('etag')]).toEqual(['"1"', '"2"']);
    const search = (category: string) =>
      service.call(
        keyless.keys.agent,
        'GET',
        `/knowledge/search?q=postgres&mode=keyword&category=${category}`,
      );
    expect((await search('decision')).body.data).toMatchObject([{ id, category: 'decision' }]);
    expect((await search('finding')).body.data).toEqual([]);
  });

  it('is blocked without a key, and classified when one comes', async ({
    service,
    worker: _,
    twin,
    key,
    keyless,
  }) => {
    const { body } = await service.call(keyless.keys.agent, 'POST', '/articles', article);
    const { id } = body.data;
    const blocked = await untilClassified(service, keyless, id, 'blocked');
    expect(blocked.body.data.classification).toMatchObject({
      ...{ reason: 'no_api_key', who: 'tenant', next_step: expect.stringContaining('key') },
    });
    twin.answer(key, () => ({ category: 'quote', confidence: 1 }));
    await keyless.setAnthropicKey(key);
    const classified = await untilClassified(service, keyless, id, 'classified');
    expect(classified.body.data.category).toBe('quote');
  });

  it('leaves a history with no word of the article, and the outcome for operators', async ({
    service,
    worker: _,
    twin,
    key,
    keyless,
  }) => {
    await keyless.setAnthropicKey(key);
    twin.answer(key, () => ({ category: 'playbook', confidence: 1 }));
    const { body } = await service.call(keyless.keys.agent, 'POST', '/articles', article);
    const { id } = body.data;
    await untilClassified(service, keyless, id, 'classified');
    const handle = service.services.temporal.client.workflow.getHandle(
      classifyArticleWorkflowId(keyless.id, id),
    );
    expect(await handle.result()).toEqual({ outcome: 'classified' });
    const history = JSON.stringify(await handle.fetchHistory());
    expect(history).not.toMatch(/Postgres|playbook|sk-/);
    const decoded = Buffer.from(JSON.stringify(await handle.describe())).toString();
    expect(decoded).not.toMatch(/Postgres|playbook|sk-/);
  });
});

describe('PATCH /articles/:id', () => {
  it.for(['finding', 'idea'])(
    'of the category ends the classification: %s',
    async (category, { service, keyless }) => {
      const { body } = await service.call(keyless.keys.agent, 'POST', '/articles', article);
      const path = `/articles/${body.data.id}`;
      const edited = await service.call(keyless.keys.user, 'PATCH', path, { category });
      expect(edited.body.data).toMatchObject({ category, classification: null });
      expect((await service.call(keyless.keys.agent, 'GET', path)).body.data.classification).toBeNull();
    },
  );

  it('of other fields leaves it', async ({ service, keyless }) => {
    const { body } = await service.call(keyless.keys.agent, 'POST', '/articles', article);
    const edited = await service.call(keyless.keys.user, 'PATCH', `/articles/${body.data.id}`, {
      ...{ title: 'Another title', tags: ['a'] },
    });
    expect(edited.body.data.classification).not.toBeNull();
  });

  it('takes no null: an article that a person edits is not classified again', async ({
    service,
    keyless,
  }) => {
    const { body } = await service.call(keyless.keys.agent, 'POST', '/articles', article);
    const refused = await service.call(keyless.keys.user, 'PATCH', `/articles/${body.data.id}`, {
      category: null,
    });
    expect(refused.status).toBe(422);
  });
});

/** The answer of GET once the article's classification has this status. */
const untilClassified = (service: RunningService, tenant: TestTenant, id: string, status: string) =>
  eventually<Answer>(async () => {
    const answer = await service.call(tenant.keys.agent, 'GET', `/articles/${id}`);
    return answer.body.data.classification?.status === status ? answer : undefined;
  });
