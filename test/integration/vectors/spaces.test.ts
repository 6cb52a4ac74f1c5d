import { setTimeout as passed } from 'node:timers/promises';
import { describe, expect } from 'vitest';
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
import { createArticle } from '../../support/articles.ts';
import { embedOnce } from '../../support/embed-once.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { prepareCall } from '../../support/prepare-call.ts';
import type { ProviderTwin } from '../../support/provider-twin.ts';
import { targetOf } from '../../support/targets.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

// With fewer a tenant has one call under way at a time, and two that are to meet would follow each other.
const it = factsOfServices(() => ({ WORKER_MAX_ACTIVITIES: '10' })).extend(
  'spaces',
  ({ twin, test, tenant, key }) => openSpaces({ twin, test, tenant, key }),
);
const firstModel = 'multilingual-e5-small';
const secondModel = 'another-model';

describe('the first space of a tenant', () => {
  it('is made once by two first articles at once, and serves both', async ({ twin, key, spaces }) => {
    const articles = [await spaces.publish('One.'), await spaces.publish('Two.')];
    const calls = await Promise.all(articles.map(spaces.ready));
    // Both have found no space, and both are answered together.
    twin.script(key, [], { kind: 'ok', delayMs: 100 });
    const generating = calls.map((call) => call());
    await spaces.callsUnderWay(2);
    expect((await Promise.all(generating)).map(({ kind }) => kind)).toEqual(['embedded', 'embedded']);
    expect(await spaces.list()).toEqual([{ model: firstModel, dimensions: 16, serving: true }]);
    for (const article of articles) {
      expect(await spaces.stateOf(article)).toMatchObject({
        status: 'embedded',
        model: firstModel,
        dimensions: 16,
      });
    }
  });

  it('is one and the same for twenty makers at once', async ({ spaces }) => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => spaces.make('m')));
    expect(new Set(ids).size).toBe(1);
    expect(await spaces.list()).toEqual([{ model: 'm', dimensions: 16, serving: true }]);
  });

  it('serves its own tenant and has nothing to do with another’s', async ({ test, spaces }) => {
    const other = await test.createTenant();
    await Promise.all([spaces.make('m'), spaces.make('m', 16, other)]);
    expect(await spaces.list()).toEqual([{ model: 'm', dimensions: 16, serving: true }]);
    expect(await spaces.list(other)).toEqual([{ model: 'm', dimensions: 16, serving: true }]);
  });
});

describe('two spaces of a tenant', () => {
  it('made at once by calls of two models leave one serving, and then the current model’s', async ({
    twin,
    key,
    spaces,
  }) => {
    const early = await spaces.publish('One.');
    const late = await spaces.publish('Two.');
    const callOfFirst = await spaces.ready(early);
    twin.script(key, [], { kind: 'ok', delayMs: 200 });
    const first = callOfFirst();
    await spaces.callsUnderWay(1);
    await spaces.setModel(secondModel);
    const callOfSecond = await spaces.ready(late);
    const second = callOfSecond();
    expect((await first).kind).toBe('changed');
    expect((await second).kind).toBe('embedded');
    const serving = (await spaces.list()).filter((space) => space.serving);
    expect(serving).toHaveLength(1);

    await (await spaces.ready(early))();
    expect(await spaces.list()).toEqual([
      { model: secondModel, dimensions: 16, serving: true },
      { model: firstModel, dimensions: 16, serving: false },
    ]);
    expect(await spaces.stateOf(early)).toMatchObject({ status: 'embedded', model: secondModel });
  });

  it('are never both the serving one, however many are made at once', async ({ spaces }) => {
    await Promise.all(Array.from({ length: 12 }, (_, i) => spaces.make(`model-${i}`)));
    const found = await spaces.list();
    expect(found).toHaveLength(12);
    expect(found.filter(({ serving }) => serving)).toHaveLength(1);
  });

  it('swap their states in one step', async ({ test, tenant, spaces }) => {
    const [old, renewed] = [await spaces.make('old'), await spaces.make('renewed')];
    const serve = (id: string) =>
      test.services.database.withTenant(tenant.id, async (tx) => {
        await lockSpaces(tx, tenant.id);
        await serveSpace(tx, tenant.id, id);
      });
    await Promise.all([serve(renewed), serve(old), serve(renewed), serve(old), serve(renewed)]);
    expect((await spaces.list()).filter(({ serving }) => serving)).toHaveLength(1);
    await serve(renewed);
    expect(await spaces.list()).toEqual([
      { model: 'old', dimensions: 16, serving: false },
      { model: 'renewed', dimensions: 16, serving: true },
    ]);
  });
});

describe('the states of spaces', () => {
  it('are one serving at most and one building at most: another one retires it', async ({
    test,
    tenant,
    spaces,
  }) => {
    const other = await test.createTenant();
    await spaces.make('their own', 16, other);
    const [, second, third] = [
      await spaces.make('first'),
      await spaces.make('second'),
      await spaces.make('third'),
    ];
    expect(await spaces.states()).toEqual({ first: 'serving', second: 'retired', third: 'retired' });
    await spaces.within((tx) => build(tx, tenant.id, second));
    expect(await spaces.states()).toEqual({ first: 'serving', second: 'building', third: 'retired' });
    await spaces.within((tx) => build(tx, tenant.id, third));
    expect(await spaces.states()).toEqual({ first: 'serving', second: 'retired', third: 'building' });
    await spaces.within((tx) => serveSpace(tx, tenant.id, third));
    expect(await spaces.states()).toEqual({ first: 'retired', second: 'retired', third: 'serving' });
    expect(await spaces.within((tx) => building(tx, tenant.id))).toBeUndefined();
    expect(await spaces.states(other)).toEqual({ 'their own': 'serving' });
  });

  it('are refused by the database where two would serve, or two be built', async ({ test, spaces }) => {
    const [first, second] = [await spaces.make('first'), await spaces.make('second')];
    const set = (id: string, state: string) =>
      test.db.rawAsOwner('update embedding_spaces set state = $2 where id = $1', [id, state]);
    await expect(set(second, 'serving')).rejects.toMatchObject({ code: '23505' });
    await set(first, 'building');
    await expect(set(second, 'building')).rejects.toMatchObject({ code: '23505' });
  });

  it('follow a change of model to and fro', async ({ tenant, spaces }) => {
    await spaces.embedAll(await spaces.publish('One.'), await spaces.publish('Two.'));
    const kind = (model: string) => ({ target: targetOf(model), chunkerVersion });
    await spaces.setModel(secondModel);
    expect(await spaces.within((tx) => targets(tx, tenant.id, kind(secondModel)))).toEqual([]);
    const [one] = await spaces.articlesOf();
    await spaces.embedAll(one);
    expect(await spaces.states()).toEqual({ [firstModel]: 'serving', [secondModel]: 'building' });
    await spaces.setModel(firstModel);
    expect(await spaces.states()).toEqual({ [firstModel]: 'serving', [secondModel]: 'retired' });
    await spaces.setModel(secondModel);
    expect(await spaces.states()).toEqual({ [firstModel]: 'serving', [secondModel]: 'building' });
    expect(await spaces.within((tx) => targets(tx, tenant.id, kind(secondModel)))).toMatchObject([
      { target: { model: secondModel } },
    ]);
    await spaces.embedAll(...(await spaces.articlesOf()));
    expect(await spaces.states()).toEqual({ [firstModel]: 'retired', [secondModel]: 'serving' });
  });

  it('leave the serving one alone when a model is aimed at that has no space', async ({ tenant, spaces }) => {
    const [, second] = [await spaces.make('first'), await spaces.make('second')];
    await spaces.within((tx) => build(tx, tenant.id, second));
    await spaces.within((tx) => aimAt(tx, tenant.id, { target: targetOf('unheard of'), chunkerVersion: 1 }));
    expect(await spaces.states()).toEqual({ first: 'serving', second: 'retired' });
  });
});

it('takes no vector of another dimension into a space', async ({ twin, key, spaces }) => {
  await (await spaces.ready(await spaces.publish('One.')))();
  const article = await spaces.publish('Two.');
  const call = await spaces.ready(article);
  twin.script(key, [{ kind: 'ok', dimensions: 8 }]);
  expect(await call()).toMatchObject({ kind: 'failed', code: 'malformed_response' });
  expect(await spaces.list()).toEqual([{ model: firstModel, dimensions: 16, serving: true }]);
  expect(await spaces.stateOf(article)).toMatchObject({ status: 'pending', reason: 'malformed_response' });
});

describe('a default model that the installation has changed', () => {
  it('takes no search from the old space with the first article that is written after it', async ({
    test,
    tenant,
    spaces,
  }) => {
    await spaces.setModel(secondModel);
    const [old, other] = [await spaces.publish('One.'), await spaces.publish('Two.')];
    for (const article of [old, other]) await spaces.embed(article);
    await test.db.rawAsOwner('delete from outbox where tenant_id = $1', [tenant.id]);
    await spaces.changeDefault();

    const written = await spaces.publish('Three.');
    await spaces.embed(written);
    expect((await spaces.list()).find(({ serving }) => serving)).toMatchObject({ model: secondModel });
    expect(await spaces.stateOf(old)).toMatchObject({ status: 'pending' });
    const wishes = await test.db.rawAsOwner('select kind from outbox where tenant_id = $1 and kind = $2', [
      tenant.id,
      'backlog',
    ]);
    expect(wishes).toHaveLength(1);

    for (const article of [old, other]) await spaces.embed(article);
    expect((await spaces.list()).find(({ serving }) => serving)).toMatchObject({ model: firstModel });
  });
});

interface Given {
  readonly twin: ProviderTwin;
  readonly test: TestServices;
  readonly tenant: TestTenant;
  readonly key: string;
}

/** A tenant's spaces, and the articles whose embedding makes them; another tenant's spaces where one is named. */
function openSpaces({ twin, test, tenant, key }: Given) {
  const publish = (body: string) => createArticle(test, tenant, { body });
  /** Steps 1 and 2 of the article; the fact begins the third, which makes the call. */
  const ready = (article: ArticleRef) => prepareCall(test, article);
  const embed = async (article: ArticleRef) => expect((await (await ready(article))()).kind).toBe('embedded');

  /** Embeds each that is not embedded in the current model. */
  async function embedAll(...articles: (ArticleRef | undefined)[]): Promise<void> {
    for (const article of articles) {
      if (article === undefined) throw new Error('there is no such article');
      expect(['embedded', 'unchanged']).toContain(await embedOnce(test, article));
    }
  }
  const articlesOf = async (): Promise<ArticleRef[]> =>
    (await test.services.articles.list(tenant.id, { limit: 100 })).articles.map(({ id }) => ({
      tenantId: tenant.id,
      articleId: id,
    }));
  const setModel = (model: string | null) =>
    test.services.llmConfig.update(tenant.actor, { embedding_model: model });
  const list = (of = tenant) =>
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
  const make = (model: string, dimensions = 16, of = tenant) =>
    test.services.database.withTenant(
      of.id,
      async (tx) =>
        (await ensureSpace(tx, of.id, { target: targetOf(model), chunkerVersion: 1 }, dimensions)).id,
    );
  const states = async (of = tenant) =>
    Object.fromEntries(
      (
        await test.db.rawAsOwner('select model, state from embedding_spaces where tenant_id = $1', [of.id])
      ).map(({ model, state }) => [model, state]),
    );
  const within = <T>(work: (tx: Transaction) => Promise<T>) =>
    test.services.database.withTenant(tenant.id, work);
  /** As a restart with another default does it: the tenant names no model, and its articles are not made pending. */
  const changeDefault = () =>
    test.db.rawAsOwner('update llm_settings set embedding_model = null where tenant_id = $1', [tenant.id]);

  return {
    ...{ publish, ready, embed, embedAll, articlesOf, setModel, list, stateOf, callsUnderWay, make },
    ...{ states, within, changeDefault },
  };
}
