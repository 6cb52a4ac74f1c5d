import { setTimeout as passed } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chunkerVersion } from '../../../src/domain/chunks.ts';
import type { ArticleRef } from '../../../src/domain/embed-article.ts';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import {
  aimAt,
  build,
  building,
  ensureSpace,
  serve as serveSpace,
  targets,
} from '../../../src/vectors/spaces.ts';
import { lockSpaces } from '../../../src/vectors/spaces-store.ts';
import { type ProviderTwin, startProviderTwin, twinKey } from '../../support/provider-twin.ts';
import { createTestServices, type TestServices, type TestTenant } from '../../support/test-services.ts';

const firstModel = 'multilingual-e5-small';
const secondModel = 'another-model';

let twin: ProviderTwin;
let test: TestServices;
let key: string;
let tenant: TestTenant;

beforeAll(async () => {
  twin = await startProviderTwin();
  test = await createTestServices({ EMBEDDING_BASE_URL: twin.baseUrl, TEMPORAL_ADDRESS: '127.0.0.1:1' });
});
afterAll(async () => {
  await test.close();
  await twin.close();
});
beforeEach(async () => {
  key = twinKey();
  tenant = await test.createTenant(key);
});

async function publish(body: string): Promise<ArticleRef> {
  const { article } = await test.services.articles.create(tenant.actor, {
    title: 'A title',
    body,
    category: 'finding',
    tags: [],
    status: 'published',
    sourceType: null,
    metadata: {},
    force: true,
  });
  return { tenantId: tenant.id, articleId: article.id };
}

/** Steps 1 and 2; the third, which makes the call, is the test's to begin. */
async function ready(article: ArticleRef) {
  const { steps } = test.services;
  const resolved = await steps.resolveKey(article);
  if (resolved.kind !== 'reference') throw new Error(resolved.kind);
  const check = await steps.checkContentHash(article, resolved.key);
  if (check.kind !== 'missing') throw new Error(check.kind);
  return () => steps.generate(article, resolved.key, check.contentHash);
}

/** Walks through the steps once with each of these. */
async function embedAll(...articles: (ArticleRef | undefined)[]): Promise<void> {
  const { steps } = test.services;
  for (const article of articles) {
    if (article === undefined) throw new Error('there is no such article');
    const resolved = await steps.resolveKey(article);
    if (resolved.kind !== 'reference') throw new Error(resolved.kind);
    const check = await steps.checkContentHash(article, resolved.key);
    if (check.kind === 'missing') await steps.generate(article, resolved.key, check.contentHash);
  }
}
const articlesOf = async (): Promise<ArticleRef[]> =>
  (await test.services.articles.list(tenant.id, { limit: 100 })).articles.map(({ id }) => ({
    tenantId: tenant.id,
    articleId: id,
  }));
const setModel = (model: string | null) =>
  test.services.llmConfig.update(tenant.actor, { embedding_model: model });
const spacesOf = (of = tenant) =>
  test.db.rawAsOwner(
    "select model, dimensions, state = 'serving' as serving from embedding_spaces where tenant_id = $1 order by model, dimensions",
    [of.id],
  );
const stateOf = async ({ tenantId, articleId }: ArticleRef) =>
  (await test.services.articles.get(tenantId, articleId))?.embedding;
const callsUnderWay = async (count: number) => {
  while (twin.callsOf(key).length < count) await passed(5);
};
/** As the steps make a space: the first of the tenant serves. */
const makeSpace = (model: string, dimensions = 16, of = tenant) =>
  test.services.database.withTenant(
    of.id,
    async (tx) => (await ensureSpace(tx, of.id, { model, chunkerVersion: 1 }, dimensions)).id,
  );

describe('the first space of a tenant', () => {
  it('is made once by two first articles at once, and serves both', async () => {
    const articles = [await publish('One.'), await publish('Two.')];
    const calls = await Promise.all(articles.map(ready));
    // Both have found no space, and both are answered together.
    twin.script(key, [], { kind: 'ok', delayMs: 100 });
    const generating = calls.map((call) => call());
    await callsUnderWay(2);
    expect((await Promise.all(generating)).map(({ kind }) => kind)).toEqual(['embedded', 'embedded']);
    expect(await spacesOf()).toEqual([{ model: firstModel, dimensions: 16, serving: true }]);
    for (const article of articles) {
      expect(await stateOf(article)).toMatchObject({ status: 'embedded', model: firstModel, dimensions: 16 });
    }
  });

  it('is one and the same for twenty who make it at once', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => makeSpace('m')));
    expect(new Set(ids).size).toBe(1);
    expect(await spacesOf()).toEqual([{ model: 'm', dimensions: 16, serving: true }]);
  });

  it('serves its own tenant and has nothing to do with another’s', async () => {
    const other = await test.createTenant();
    await Promise.all([makeSpace('m'), makeSpace('m', 16, other)]);
    expect(await spacesOf()).toEqual([{ model: 'm', dimensions: 16, serving: true }]);
    expect(await spacesOf(other)).toEqual([{ model: 'm', dimensions: 16, serving: true }]);
  });
});

describe('two spaces of a tenant', () => {
  it('made at once by calls of two models leave one serving, and then the current model’s', async () => {
    const early = await publish('One.');
    const late = await publish('Two.');
    const callOfFirst = await ready(early);
    twin.script(key, [], { kind: 'ok', delayMs: 200 });
    const first = callOfFirst();
    await callsUnderWay(1);
    await setModel(secondModel);
    const callOfSecond = await ready(late);
    const second = callOfSecond();
    expect((await first).kind).toBe('changed');
    expect((await second).kind).toBe('embedded');
    const serving = (await spacesOf()).filter((space) => space.serving);
    expect(serving).toHaveLength(1);

    await (await ready(early))();
    expect(await spacesOf()).toEqual([
      { model: secondModel, dimensions: 16, serving: true },
      { model: firstModel, dimensions: 16, serving: false },
    ]);
    expect(await stateOf(early)).toMatchObject({ status: 'embedded', model: secondModel });
  });

  it('are never both the serving one, whoever makes them and however many at once', async () => {
    await Promise.all(Array.from({ length: 12 }, (_, i) => makeSpace(`model-${i}`)));
    const spaces = await spacesOf();
    expect(spaces).toHaveLength(12);
    expect(spaces.filter(({ serving }) => serving)).toHaveLength(1);
  });

  it('change places in one step', async () => {
    const [old, renewed] = [await makeSpace('old'), await makeSpace('renewed')];
    const serve = (id: string) =>
      test.services.database.withTenant(tenant.id, async (tx) => {
        await lockSpaces(tx, tenant.id);
        await serveSpace(tx, tenant.id, id);
      });
    await Promise.all([serve(renewed), serve(old), serve(renewed), serve(old), serve(renewed)]);
    expect((await spacesOf()).filter(({ serving }) => serving)).toHaveLength(1);
    await serve(renewed);
    expect(await spacesOf()).toEqual([
      { model: 'old', dimensions: 16, serving: false },
      { model: 'renewed', dimensions: 16, serving: true },
    ]);
  });
});

describe('the states of spaces', () => {
  const statesOf = async (of = tenant) =>
    Object.fromEntries(
      (
        await test.db.rawAsOwner('select model, state from embedding_spaces where tenant_id = $1', [of.id])
      ).map(({ model, state }) => [model, state]),
    );
  const within = <T>(work: (tx: Transaction) => Promise<T>) =>
    test.services.database.withTenant(tenant.id, work);

  it('are one serving at most and one building at most: another one retires it', async () => {
    const other = await test.createTenant();
    await makeSpace('their own', 16, other);
    const [, second, third] = [await makeSpace('first'), await makeSpace('second'), await makeSpace('third')];
    expect(await statesOf()).toEqual({ first: 'serving', second: 'retired', third: 'retired' });
    await within((tx) => build(tx, tenant.id, second));
    expect(await statesOf()).toEqual({ first: 'serving', second: 'building', third: 'retired' });
    await within((tx) => build(tx, tenant.id, third));
    expect(await statesOf()).toEqual({ first: 'serving', second: 'retired', third: 'building' });
    await within((tx) => serveSpace(tx, tenant.id, third));
    expect(await statesOf()).toEqual({ first: 'retired', second: 'retired', third: 'serving' });
    expect(await within((tx) => building(tx, tenant.id))).toBeUndefined();
    expect(await statesOf(other)).toEqual({ 'their own': 'serving' });
  });

  it('are refused by the database where two would serve, or two be built', async () => {
    const [first, second] = [await makeSpace('first'), await makeSpace('second')];
    const set = (id: string, state: string) =>
      test.db.rawAsOwner('update embedding_spaces set state = $2 where id = $1', [id, state]);
    await expect(set(second, 'serving')).rejects.toMatchObject({ code: '23505' });
    await set(first, 'building');
    await expect(set(second, 'building')).rejects.toMatchObject({ code: '23505' });
  });

  it('follow a change of model to and fro', async () => {
    await embedAll(await publish('One.'), await publish('Two.'));
    const kind = (model: string) => ({ model, chunkerVersion });
    await setModel(secondModel);
    expect(await within((tx) => targets(tx, tenant.id, kind(secondModel)))).toEqual([]);
    const [one] = await articlesOf();
    await embedAll(one);
    expect(await statesOf()).toEqual({ [firstModel]: 'serving', [secondModel]: 'building' });
    await setModel(firstModel);
    expect(await statesOf()).toEqual({ [firstModel]: 'serving', [secondModel]: 'retired' });
    await setModel(secondModel);
    expect(await statesOf()).toEqual({ [firstModel]: 'serving', [secondModel]: 'building' });
    expect(await within((tx) => targets(tx, tenant.id, kind(secondModel)))).toMatchObject([
      { model: secondModel },
    ]);
    await embedAll(...(await articlesOf()));
    expect(await statesOf()).toEqual({ [firstModel]: 'retired', [secondModel]: 'serving' });
  });

  it('leave the serving one alone when a model is aimed at that has no space', async () => {
    const [, second] = [await makeSpace('first'), await makeSpace('second')];
    await within((tx) => build(tx, tenant.id, second));
    await within((tx) => aimAt(tx, tenant.id, { model: 'unheard of', chunkerVersion: 1 }));
    expect(await statesOf()).toEqual({ first: 'serving', second: 'retired' });
  });
});

it('takes no vector of another dimension into a space', async () => {
  await (await ready(await publish('One.')))();
  const article = await publish('Two.');
  const call = await ready(article);
  twin.script(key, [{ kind: 'ok', dimensions: 8 }]);
  expect(await call()).toMatchObject({ kind: 'failed', code: 'malformed_response' });
  expect(await spacesOf()).toEqual([{ model: firstModel, dimensions: 16, serving: true }]);
  expect(await stateOf(article)).toMatchObject({ status: 'pending', reason: 'malformed_response' });
});

describe('a default model that the installation has changed', () => {
  /** As a restart with another default does it: the tenant names no model, and nobody tells its articles. */
  const changeDefault = () =>
    test.db.rawAsOwner('update llm_settings set embedding_model = null where tenant_id = $1', [tenant.id]);
  const embed = async (article: ArticleRef) => expect((await (await ready(article))()).kind).toBe('embedded');

  it('takes no search from the old space with the first article that is written after it', async () => {
    await setModel(secondModel);
    const [old, other] = [await publish('One.'), await publish('Two.')];
    for (const article of [old, other]) await embed(article);
    await test.db.rawAsOwner('delete from outbox where tenant_id = $1', [tenant.id]);
    await changeDefault();

    const written = await publish('Three.');
    await embed(written);
    expect((await spacesOf()).find(({ serving }) => serving)).toMatchObject({ model: secondModel });
    expect(await stateOf(old)).toMatchObject({ status: 'pending' });
    const wishes = await test.db.rawAsOwner('select kind from outbox where tenant_id = $1 and kind = $2', [
      tenant.id,
      'backlog',
    ]);
    expect(wishes).toHaveLength(1);

    for (const article of [old, other]) await embed(article);
    expect((await spacesOf()).find(({ serving }) => serving)).toMatchObject({ model: firstModel });
  });
});
