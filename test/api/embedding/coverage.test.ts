import { describe, expect } from 'vitest';
import { chunkerVersion } from '../../../src/domain/chunks.ts';
import type { ArticleRef } from '../../../src/domain/embed-article.ts';
import { embedOnce } from '../../support/embed-once.ts';
import { factsOfService } from '../../support/fixtures.ts';
import { twinDimensions } from '../../support/provider-twin.ts';
import type { RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

// Everything but Temporal is real; the facts run the steps of its workflow. A tenant has no embedding key at first.
const it = factsOfService(() => ({ TEMPORAL_ADDRESS: '127.0.0.1:1' }))
  .extend('tenant', ({ service }): Promise<TestTenant> => service.createTenant())
  .extend('knowledge', ({ service, tenant }) => knowledgeOf(service, tenant));

const oldModel = 'multilingual-e5-small';
const newModel = 'another-model';
const nothing = {
  coverage: { published: 0, embedded: 0 },
  model: oldModel,
  has_key: false,
  serving: null,
  spaces: [],
  statuses: { not_applicable: 0, pending: 0, embedded: 0, partial: 0, blocked: 0, failed: 0 },
  reasons: {},
  backfill: { in_progress: false, model: oldModel, done: 0, total: 0, started_at: null, workflow_id: null },
  next_attempt_at: null,
};

describe('GET /knowledge/embeddings', () => {
  it('has the same answer for a tenant that has nothing as for one with much', async ({ knowledge }) => {
    expect(await knowledge.view()).toEqual(nothing);
  });

  it('counts every status and reason, and agrees with what search says of its coverage', async ({
    service,
    key,
    tenant,
    knowledge,
  }) => {
    await tenant.setEmbeddingKey(key);
    const [one, two] = [
      await knowledge.write('One.'),
      await knowledge.write(`Two.\n\n${'A longer paragraph. '.repeat(150)}`),
    ];
    expect([await knowledge.embed(one), await knowledge.embed(two)]).toEqual(['embedded', 'embedded']);
    const chunks = (await knowledge.stateOf(one)).chunks + (await knowledge.stateOf(two)).chunks;
    expect(chunks).toBeGreaterThan(2);
    await knowledge.write('Three, a draft.', 'draft');
    const archived = await knowledge.write('Four.');
    await service.call(tenant.keys.user, 'POST', `/articles/${archived.articleId}/archive`);
    for (const code of ['quota_exhausted', 'quota_exhausted', 'input_rejected'] as const) {
      await service.services.steps.giveUp(await knowledge.write(`Given up: ${code}.`), code);
    }
    await knowledge.write('Waiting.');

    const seen = await knowledge.view();
    expect(seen).toEqual({
      ...nothing,
      coverage: { published: 6, embedded: 2 },
      has_key: true,
      serving: { id: expect.any(String), model: oldModel, dimensions: twinDimensions },
      spaces: [
        {
          id: seen.serving.id,
          model: oldModel,
          dimensions: twinDimensions,
          chunker_version: chunkerVersion,
          serving: true,
          current: true,
          articles: 2,
          chunks,
          answered_model: oldModel,
          model_drifted_at: null,
          created_at: expect.any(String),
        },
      ],
      statuses: { not_applicable: 2, pending: 1, embedded: 2, partial: 0, blocked: 2, failed: 1 },
      reasons: { quota_exhausted: 2, input_rejected: 1 },
      backfill: { ...nothing.backfill, done: 2, total: 5 },
    });
    expect(await knowledge.coverageOfSearch()).toEqual(seen.coverage);
  });

  it('counts a text that was edited as not embedded, and its chunks no more', async ({
    key,
    tenant,
    knowledge,
  }) => {
    await tenant.setEmbeddingKey(key);
    const [one, two] = [await knowledge.write('One.'), await knowledge.write('Two.')];
    await knowledge.embed(one);
    await knowledge.embed(two);
    await knowledge.edit(one, 'One, edited.');
    const { coverage, spaces, statuses, backfill } = await knowledge.view();
    expect(coverage).toEqual({ published: 2, embedded: 1 });
    expect(spaces).toMatchObject([{ articles: 1, chunks: 1 }]);
    expect(statuses).toMatchObject({ pending: 1, embedded: 1 });
    // It waits for its own sake, and not because of another key or model.
    expect(backfill).toMatchObject({ in_progress: false, workflow_id: null, started_at: null });
  });

  it('has the earliest next attempt of those that wait for the provider or the breaker', async ({
    service,
    twin,
    key,
    tenant,
    knowledge,
  }) => {
    await tenant.setEmbeddingKey(key);
    twin.script(key, [], { kind: 'status', status: 503 });
    const articles = [];
    for (let i = 0; i < 5; i += 1) articles.push(await knowledge.write(`Number ${i}.`));
    const ends = [];
    for (const article of articles) ends.push(await knowledge.embed(article));
    expect(ends).toEqual(['waits', 'waits', 'waits', 'waits', 'waits']);
    // An hour later: on a busy machine the first would be over before it is looked at.
    await service.db.rawAsOwner(
      `update article_embeddings set next_attempt_at = next_attempt_at + interval '1 hour' where tenant_id = $1`,
      [tenant.id],
    );
    const announced = (await Promise.all(articles.map(knowledge.stateOf)))
      .map(({ next_attempt_at }) => next_attempt_at)
      .filter((time) => time !== null)
      .sort();
    expect(announced).toHaveLength(5);
    const { next_attempt_at, reasons } = await knowledge.view();
    expect(next_attempt_at).toBe(announced[0]);
    expect(reasons).toEqual({ provider_unavailable: 3, circuit_open: 2 });
    await service.db.rawAsOwner(
      'update article_embeddings set next_attempt_at = clock_timestamp() where tenant_id = $1',
      [tenant.id],
    );
    expect((await knowledge.view()).next_attempt_at).toBeNull();
  });

  it('shows nothing of another tenant', async ({ service, key, tenant, knowledge }) => {
    const other = await service.createTenant();
    await tenant.setEmbeddingKey(key);
    await knowledge.embed(await knowledge.write('One.'));
    expect(await knowledgeOf(service, other).view()).toEqual(nothing);
  });

  it('answers 401 to an unknown API key', async ({ service }) => {
    expect(await service.call('lk_of_nobody', 'GET', '/knowledge/embeddings')).toMatchObject({ status: 401 });
  });
});

describe('the backfill', () => {
  it('of a first key is in progress until what waited for the key is embedded', async ({
    service,
    key,
    tenant,
    knowledge,
  }) => {
    const [one, two] = [await knowledge.write('One.'), await knowledge.write('Two.')];
    expect([await knowledge.embed(one), await knowledge.embed(two)]).toEqual(['no_api_key', 'no_api_key']);
    expect(await knowledge.view()).toMatchObject({
      has_key: false,
      reasons: { no_api_key: 2 },
      backfill: { in_progress: false, done: 0, total: 2, workflow_id: null },
    });

    await tenant.setEmbeddingKey(key);
    const settings = await service.call(tenant.keys.user, 'GET', '/tenants/me/llm-config');
    const inProgress = {
      in_progress: true,
      model: oldModel,
      done: 0,
      total: 2,
      started_at: expect.any(String),
      workflow_id: `embed-backlog/${tenant.id}`,
    };
    const seen = await knowledge.view();
    expect(seen.backfill).toEqual(inProgress);
    expect(Date.parse(seen.backfill.started_at)).toBeGreaterThanOrEqual(
      Date.parse(settings.body.embedding_key_updated_at),
    );
    expect(seen.reasons).toEqual({});

    await knowledge.embed(one);
    expect((await knowledge.view()).backfill).toEqual({ ...inProgress, done: 1 });
    await knowledge.embed(two);
    // One that is written now waits too, but nothing is left of what the key has started.
    await knowledge.write('Three.');
    expect((await knowledge.view()).backfill).toEqual({ ...nothing.backfill, done: 2, total: 3 });
  });

  it('of another model counts up while the old space serves, and ends when the new one does', async ({
    key,
    tenant,
    knowledge,
  }) => {
    await tenant.setEmbeddingKey(key);
    const articles = [
      await knowledge.write('One.'),
      await knowledge.write('Two.'),
      await knowledge.write('Three.'),
    ];
    for (const article of articles) await knowledge.embed(article);
    const before = await knowledge.view();
    await knowledge.setModel(newModel);

    const shows = async (articlesInNew: number) => {
      const seen = await knowledge.view();
      expect(seen).toMatchObject({
        model: newModel,
        coverage: { published: 3, embedded: 3 },
        serving: before.serving,
        statuses: { embedded: articlesInNew, pending: 3 - articlesInNew },
        backfill: { in_progress: true, model: newModel, done: articlesInNew, total: 3 },
      });
      expect(await knowledge.coverageOfSearch()).toEqual(seen.coverage);
      return seen.spaces;
    };
    const old = { ...before.spaces[0], current: false };
    expect(await shows(0)).toEqual([old]);
    for (const done of [1, 2]) {
      await knowledge.embed(articles[done - 1] ?? { tenantId: '', articleId: '' });
      expect(await shows(done)).toMatchObject([
        { model: newModel, current: true, serving: false, articles: done, chunks: done },
        old,
      ]);
    }
    // Nothing is left that was written before the change, but the old space is still the one that serves.
    const last = articles[2] ?? { tenantId: '', articleId: '' };
    await knowledge.edit(last, 'Three, edited.');
    expect(await knowledge.view()).toMatchObject({
      coverage: { published: 3, embedded: 2 },
      serving: before.serving,
      backfill: { in_progress: true, done: 2, total: 3 },
    });
    await knowledge.embed(last);
    expect(await knowledge.view()).toMatchObject({
      coverage: { published: 3, embedded: 3 },
      serving: { model: newModel },
      spaces: [
        { model: newModel, current: true, serving: true, articles: 3 },
        { model: oldModel, current: false, serving: false, articles: 2 },
      ],
      backfill: { in_progress: false, done: 3, total: 3, started_at: null, workflow_id: null },
    });
  });

  it('says which articles delay a change of model: those that wait for a person', async ({
    service,
    key,
    tenant,
    knowledge,
  }) => {
    await tenant.setEmbeddingKey(key);
    const articles = [await knowledge.write('One.'), await knowledge.write('Two.')];
    for (const article of articles) await knowledge.embed(article);
    await knowledge.setModel(newModel);
    for (const article of articles) await service.services.steps.giveUp(article, 'model_not_found');
    expect(await knowledge.view()).toMatchObject({
      model: newModel,
      serving: { model: oldModel },
      statuses: { blocked: 2 },
      reasons: { model_not_found: 2 },
      backfill: { in_progress: false, done: 0, total: 2 },
    });
  });
});

/** What a tenant does with its articles here, and what the API answers about them. */
function knowledgeOf(service: RunningService, { id: tenantId, keys }: TestTenant) {
  return {
    async write(body: string, status = 'published'): Promise<ArticleRef> {
      const article = { title: 'A title', body, category: 'finding', status, force: true };
      const answer = await service.call(keys.agent, 'POST', '/articles', article);
      expect(answer.status).toBe(201);
      return { tenantId, articleId: answer.body.data.id };
    },
    embed: (article: ArticleRef) => embedOnce(service, article),
    async setModel(model: string | null) {
      const change = { embedding_model: model };
      const { status } = await service.call(keys.user, 'PATCH', '/tenants/me/llm-config', change);
      expect(status).toBe(200);
    },
    edit: ({ articleId }: ArticleRef, body: string) =>
      service.call(keys.user, 'PATCH', `/articles/${articleId}`, { body }),
    stateOf: async ({ articleId }: ArticleRef) =>
      (await service.call(keys.agent, 'GET', `/articles/${articleId}`)).body.data.embedding,
    async view() {
      const { status, body } = await service.call(keys.agent, 'GET', '/knowledge/embeddings');
      expect(status).toBe(200);
      return body.data;
    },
    coverageOfSearch: async () =>
      (await service.call(keys.agent, 'GET', '/knowledge/search?q=title&mode=keyword')).body.meta.coverage,
  };
}
