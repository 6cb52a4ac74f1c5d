import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ArticleRef } from '../../../src/domain/embed-article.ts';
import {
  type ProviderTwin,
  startProviderTwin,
  twinDimensions,
  twinKey,
} from '../../support/provider-twin.ts';
import { type RunningService, startService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

// Everything but Temporal is real; what it would run is run by hand.
const oldModel = 'multilingual-e5-small';
const newModel = 'another-model';

let twin: ProviderTwin;
let service: RunningService;
let key: string;
let tenant: TestTenant;

beforeAll(async () => {
  twin = await startProviderTwin();
  service = await startService({ EMBEDDING_BASE_URL: twin.baseUrl, TEMPORAL_ADDRESS: '127.0.0.1:1' });
});
afterAll(async () => {
  await service.close();
  await twin.close();
});
beforeEach(async () => {
  key = twinKey();
  tenant = await service.createTenant();
});

async function write(body: string, status = 'published'): Promise<ArticleRef> {
  const article = { title: 'A title', body, category: 'finding', status, force: true };
  const answer = await service.call(tenant.keys.agent, 'POST', '/articles', article);
  expect(answer.status).toBe(201);
  return { tenantId: tenant.id, articleId: answer.body.data.id };
}

/** Steps 1 to 3 of the walk, once. */
async function embed(article: ArticleRef): Promise<string> {
  const { steps } = service.services;
  const resolved = await steps.resolveKey(article);
  if (resolved.kind !== 'reference') return resolved.kind;
  const check = await steps.checkContentHash(article, resolved.key);
  if (check.kind !== 'missing') return check.kind;
  return (await steps.generate(article, resolved.key, check.contentHash)).kind;
}

const setModel = async (model: string | null) => {
  const change = { embedding_model: model };
  expect((await service.call(tenant.keys.user, 'PATCH', '/tenants/me/llm-config', change)).status).toBe(200);
};
const edit = ({ articleId }: ArticleRef, body: string) =>
  service.call(tenant.keys.user, 'PATCH', `/articles/${articleId}`, { body });
const stateOf = async ({ articleId }: ArticleRef) =>
  (await service.call(tenant.keys.agent, 'GET', `/articles/${articleId}`)).body.data.embedding;

const view = async (of = tenant) => {
  const { status, body } = await service.call(of.keys.agent, 'GET', '/knowledge/embeddings');
  expect(status).toBe(200);
  return body.data;
};
const coverageOfSearch = async () =>
  (await service.call(tenant.keys.agent, 'GET', '/knowledge/search?q=title&mode=keyword')).body.meta.coverage;

const nothing = {
  coverage: { published: 0, embedded: 0 },
  model: oldModel,
  has_key: false,
  serving: null,
  spaces: [],
  statuses: { not_applicable: 0, pending: 0, embedded: 0, blocked: 0, failed: 0 },
  reasons: {},
  backfill: { in_progress: false, model: oldModel, done: 0, total: 0, started_at: null, workflow_id: null },
  next_attempt_at: null,
};

describe('GET /knowledge/embeddings', () => {
  it('has the same answer for a tenant that has nothing as for one with much', async () => {
    expect(await view()).toEqual(nothing);
  });

  it('counts every status and reason, and agrees with what search says of its coverage', async () => {
    await tenant.setEmbeddingKey(key);
    const [one, two] = [await write('One.'), await write(`Two.\n\n${'A longer paragraph. '.repeat(150)}`)];
    expect([await embed(one), await embed(two)]).toEqual(['embedded', 'embedded']);
    const chunks = (await stateOf(one)).chunks + (await stateOf(two)).chunks;
    expect(chunks).toBeGreaterThan(2);
    await write('Three, a draft.', 'draft');
    const archived = await write('Four.');
    await service.call(tenant.keys.user, 'POST', `/articles/${archived.articleId}/archive`);
    for (const code of ['quota_exhausted', 'quota_exhausted', 'input_rejected'] as const) {
      await service.services.steps.giveUp(await write(`Given up: ${code}.`), code);
    }
    await write('Waiting.');

    const seen = await view();
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
          chunker_version: 1,
          serving: true,
          current: true,
          articles: 2,
          chunks,
          created_at: expect.any(String),
        },
      ],
      statuses: { not_applicable: 2, pending: 1, embedded: 2, blocked: 2, failed: 1 },
      reasons: { quota_exhausted: 2, input_rejected: 1 },
      backfill: { ...nothing.backfill, done: 2, total: 5 },
    });
    expect(await coverageOfSearch()).toEqual(seen.coverage);
  });

  it('counts a text that was edited as not embedded, and its chunks no more', async () => {
    await tenant.setEmbeddingKey(key);
    const [one, two] = [await write('One.'), await write('Two.')];
    await embed(one);
    await embed(two);
    await edit(one, 'One, edited.');
    const { coverage, spaces, statuses, backfill } = await view();
    expect(coverage).toEqual({ published: 2, embedded: 1 });
    expect(spaces).toMatchObject([{ articles: 1, chunks: 1 }]);
    expect(statuses).toMatchObject({ pending: 1, embedded: 1 });
    // It waits for its own sake, and not because of another key or model.
    expect(backfill).toMatchObject({ in_progress: false, workflow_id: null, started_at: null });
  });

  it('tells the earliest attempt of those that wait for the breaker', async () => {
    await tenant.setEmbeddingKey(key);
    twin.script(key, [], { kind: 'status', status: 503 });
    const articles = [];
    for (let i = 0; i < 5; i += 1) articles.push(await write(`Number ${i}.`));
    const ends = [];
    for (const article of articles) ends.push(await embed(article));
    expect(ends).toEqual(['failed', 'failed', 'failed', 'waits', 'waits']);
    const announced = (await Promise.all(articles.map(stateOf)))
      .map(({ next_attempt_at }) => next_attempt_at)
      .filter((time) => time !== null)
      .sort();
    expect(announced).toHaveLength(2);
    const { next_attempt_at, reasons } = await view();
    expect(next_attempt_at).toBe(announced[0]);
    expect(reasons).toEqual({ provider_unavailable: 3, circuit_open: 2 });
    await service.db.rawAsOwner(
      'update article_embeddings set next_attempt_at = clock_timestamp() where tenant_id = $1',
      [tenant.id],
    );
    expect((await view()).next_attempt_at).toBeNull();
  });

  it('shows nothing of another tenant', async () => {
    const other = await service.createTenant();
    await tenant.setEmbeddingKey(key);
    await embed(await write('One.'));
    expect(await view(other)).toEqual(nothing);
  });

  it('is for whoever has a key of the tenant', async () => {
    expect(await service.call('lk_of_nobody', 'GET', '/knowledge/embeddings')).toMatchObject({ status: 401 });
  });
});

describe('the backfill', () => {
  it('of a first key is in progress until what waited for the key is embedded', async () => {
    const [one, two] = [await write('One.'), await write('Two.')];
    expect([await embed(one), await embed(two)]).toEqual(['no_api_key', 'no_api_key']);
    expect(await view()).toMatchObject({
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
    const seen = await view();
    expect(seen.backfill).toEqual(inProgress);
    expect(Date.parse(seen.backfill.started_at)).toBeGreaterThanOrEqual(
      Date.parse(settings.body.embedding_key_updated_at),
    );
    expect(seen.reasons).toEqual({});

    await embed(one);
    expect((await view()).backfill).toEqual({ ...inProgress, done: 1 });
    await embed(two);
    // One that is written now waits too, but nothing is left of what the key has started.
    await write('Three.');
    expect((await view()).backfill).toEqual({ ...nothing.backfill, done: 2, total: 3 });
  });

  it('of another model counts up while the old space serves, and ends when the new one does', async () => {
    await tenant.setEmbeddingKey(key);
    const articles = [await write('One.'), await write('Two.'), await write('Three.')];
    for (const article of articles) await embed(article);
    const before = await view();
    await setModel(newModel);

    const shows = async (articlesInNew: number) => {
      const seen = await view();
      expect(seen).toMatchObject({
        model: newModel,
        coverage: { published: 3, embedded: 3 },
        serving: before.serving,
        statuses: { embedded: articlesInNew, pending: 3 - articlesInNew },
        backfill: { in_progress: true, model: newModel, done: articlesInNew, total: 3 },
      });
      expect(await coverageOfSearch()).toEqual(seen.coverage);
      return seen.spaces;
    };
    const old = { ...before.spaces[0], current: false };
    expect(await shows(0)).toEqual([old]);
    for (const done of [1, 2]) {
      await embed(articles[done - 1] ?? { tenantId: '', articleId: '' });
      expect(await shows(done)).toMatchObject([
        { model: newModel, current: true, serving: false, articles: done, chunks: done },
        old,
      ]);
    }
    // Nothing is left that was written before the change, but the old space is still the one that serves.
    const last = articles[2] ?? { tenantId: '', articleId: '' };
    await edit(last, 'Three, edited.');
    expect(await view()).toMatchObject({
      coverage: { published: 3, embedded: 2 },
      serving: before.serving,
      backfill: { in_progress: true, done: 2, total: 3 },
    });
    await embed(last);
    expect(await view()).toMatchObject({
      coverage: { published: 3, embedded: 3 },
      serving: { model: newModel },
      spaces: [
        { model: newModel, current: true, serving: true, articles: 3 },
        { model: oldModel, current: false, serving: false, articles: 2 },
      ],
      backfill: { in_progress: false, done: 3, total: 3, started_at: null, workflow_id: null },
    });
  });

  it('says what holds a change of model up: the articles that wait for a person', async () => {
    await tenant.setEmbeddingKey(key);
    const articles = [await write('One.'), await write('Two.')];
    for (const article of articles) await embed(article);
    await setModel(newModel);
    for (const article of articles) await service.services.steps.giveUp(article, 'model_not_found');
    expect(await view()).toMatchObject({
      model: newModel,
      serving: { model: oldModel },
      statuses: { blocked: 2 },
      reasons: { model_not_found: 2 },
      backfill: { in_progress: false, done: 0, total: 2 },
    });
  });
});
