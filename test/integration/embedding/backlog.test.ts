import { describe, expect } from 'vitest';
import type { ArticleRef } from '../../../src/domain/embed-article.ts';
import { createBacklog } from '../../../src/embedding/backlog/backlog.ts';
import { createCutOver } from '../../../src/embedding/cut-over.ts';
import type { WorkflowStarter } from '../../../src/outbox/workflow-starter.ts';
import { serving } from '../../../src/vectors/spaces.ts';
import { createArticle } from '../../support/articles.ts';
import { embedOnce } from '../../support/embed-once.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { heldAnswer } from '../../support/held-answer.ts';
import { twinKey } from '../../support/provider-twin.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

// The services on a real Postgres and OpenBao, the provider a twin, and no Temporal: what it would run is run by hand.
const it = factsOfServices()
  .extend('tenant', ({ test }) => test.createTenant())
  .extend('library', ({ test, tenant }) => openLibrary(test, tenant))
  .extend('articles', async ({ tenant, key, library }) => {
    await tenant.setEmbeddingKey(key);
    const articles = [
      await library.write('One.'),
      await library.write('Two.'),
      await library.write('Three.'),
    ];
    for (const article of articles) await library.embed(article);
    await library.emptyOutbox();
    return articles;
  });
const oldModel = 'multilingual-e5-small';
const newModel = 'another-model';

describe('a first key', () => {
  it('makes every published article pending that was parked without a key, and asks for one backlog', async ({
    tenant,
    key,
    library,
  }) => {
    const published = await library.write('One.');
    const draft = await library.write('Two.', 'draft');
    expect(await library.embed(published)).toBe('no_api_key');
    expect(await library.statesOf(published, draft)).toEqual(['blocked', 'not_applicable']);
    await tenant.setEmbeddingKey(key);
    expect(await library.statesOf(published, draft)).toEqual(['pending', 'not_applicable']);
    expect(await library.stateOf(published)).toMatchObject({ reason: null });
    expect(await library.outboxOf('backlog')).toEqual([{ subject_id: tenant.id }]);
  });

  it('concerns no other tenant', async ({ test, tenant, key, library }) => {
    const other = await test.createTenant();
    const parked = await library.write('One.', 'published', other);
    await library.embed(parked);
    await library.write('Two.');
    await tenant.setEmbeddingKey(key);
    expect(await library.statesOf(parked)).toEqual(['blocked']);
    expect(await library.outboxOf('backlog', other)).toEqual([]);
  });

  it('finds nothing to start for a tenant without articles', async ({ test, tenant, key, library }) => {
    await tenant.setEmbeddingKey(key);
    expect(await test.services.backlog.startPage(tenant.id, undefined)).toEqual({ started: 0 });
    expect(await library.settle()).toEqual({ pending: 0, underWay: 0 });
  });
});

describe('a replaced key', () => {
  it('leaves what is embedded as it is, and gives what its rejection has parked another chance', async ({
    test,
    tenant,
    key,
    library,
  }) => {
    await tenant.setEmbeddingKey(key);
    const embedded = await library.write('One.');
    const parked = await library.write('Two.');
    const failed = await library.write('Three.');
    await library.embed(embedded);
    await test.services.steps.giveUp(parked, 'credential_rejected');
    await test.services.steps.giveUp(failed, 'input_rejected');
    await library.emptyOutbox();
    await tenant.setEmbeddingKey(twinKey());
    expect(await library.statesOf(embedded, parked, failed)).toEqual(['embedded', 'pending', 'pending']);
    expect(await library.outboxOf('backlog')).toHaveLength(1);
  });

  it('starts no workflow when everything is embedded', async ({ test, tenant, key, library }) => {
    await tenant.setEmbeddingKey(key);
    await library.embed(await library.write('One.'));
    await library.emptyOutbox();
    await tenant.setEmbeddingKey(twinKey());
    expect(await test.services.backlog.startPage(tenant.id, undefined)).toEqual({ started: 0 });
  });

  it('is not lost on an article that the old key’s rejection parks only afterwards', async ({
    test,
    tenant,
    key,
    library,
  }) => {
    await tenant.setEmbeddingKey(key);
    const article = await library.write('One.');
    await tenant.setEmbeddingKey(twinKey());
    // Its workflow was still busy with the rejection of the old key.
    await test.services.steps.giveUp(article, 'credential_rejected');
    const started: string[] = [];
    const backlog = library.backlogWith({
      sendBacklogArticle: async (_tenantId, articleId) => void started.push(articleId),
    });
    await backlog.startPage(tenant.id, undefined);
    expect(started).toEqual([article.articleId]);
  });
});

describe('another model', () => {
  it('makes every published article pending', async ({ library, articles }) => {
    await library.setModel(newModel);
    expect(await library.statesOf(...articles)).toEqual(['pending', 'pending', 'pending']);
    expect(await library.outboxOf('backlog')).toHaveLength(1);
  });

  it('serves searches by the old space until the last article has its vectors in the new one', async ({
    tenant,
    library,
    articles,
  }) => {
    await library.setModel(newModel);
    const seen = [await library.servingModel()];
    for (const article of articles) {
      await library.embed(article);
      await library.settle();
      seen.push(await library.servingModel());
    }
    expect(seen).toEqual([oldModel, oldModel, oldModel, newModel]);
    expect(await library.statesOf(...articles)).toEqual(['embedded', 'embedded', 'embedded']);
    expect(
      await library.stateOf({ tenantId: tenant.id, articleId: articles[0]?.articleId ?? '' }),
    ).toMatchObject({
      model: newModel,
    });
  });

  it('switches once, whichever article is the last: no look in between finds none or two', async ({
    test,
    tenant,
    library,
    articles,
  }) => {
    await library.setModel(newModel);
    let over = false;
    const seen = new Set<string>();
    const looking = (async () => {
      while (!over) {
        const serving = await test.db.rawAsOwner(
          "select model from embedding_spaces where tenant_id = $1 and state = 'serving'",
          [tenant.id],
        );
        seen.add(serving.map(({ model }) => model).join());
      }
    })();
    // An article whose call waits too long for a slot is tried again, as its workflow would.
    const embedded = async (article: ArticleRef) => {
      while ((await library.embed(article)) === 'busy');
    };
    await Promise.all(articles.map(embedded));
    over = true;
    await looking;
    expect(await library.servingModel()).toBe(newModel);
    expect([...seen].filter((models) => models !== oldModel && models !== newModel)).toEqual([]);
  });

  it('does not switch while a blocked article waits for a person, and does once it needs no vectors', async ({
    test,
    tenant,
    library,
    articles,
  }) => {
    await library.setModel(newModel);
    const [first, second, blocked] = articles;
    if (first === undefined || second === undefined || blocked === undefined) throw new Error('three');
    await test.services.steps.giveUp(blocked, 'quota_exhausted');
    await library.embed(first);
    await library.embed(second);
    expect(await library.settle()).toEqual({ pending: 0, underWay: 0 });
    expect(await library.servingModel()).toBe(oldModel);
    await test.services.articles.transition(tenant.actor, blocked.articleId, 'archive');
    await library.settle();
    expect(await library.servingModel()).toBe(newModel);
  });

  it('does not wait for an article that has been given up', async ({ test, library, articles }) => {
    await library.setModel(newModel);
    const [first, second, failed] = articles;
    if (first === undefined || second === undefined || failed === undefined) throw new Error('three');
    await test.services.steps.giveUp(failed, 'input_rejected');
    await library.embed(first);
    await library.embed(second);
    expect(await library.servingModel()).toBe(newModel);
  });

  it('and back again costs nothing', async ({ twin, key, library, articles }) => {
    await library.setModel(newModel);
    const bought = twin.callsOf(key).length;
    await library.setModel(null);
    for (const article of articles) expect(await library.embed(article)).toBe('unchanged');
    expect(twin.callsOf(key)).toHaveLength(bought);
    expect(await library.servingModel()).toBe(oldModel);
  });

  it('during a call leaves the article pending: vectors of the old model complete nothing', async ({
    twin,
    key,
    library,
    articles,
  }) => {
    const article = await library.write('Four.');
    const held = heldAnswer();
    twin.script(key, [held.step]);
    const before = twin.callsOf(key).length;
    const embedding = library.embed(article);
    while (twin.callsOf(key).length === before) await new Promise((resolve) => setTimeout(resolve, 5));
    await library.setModel(newModel);
    held.release();
    expect(await embedding).toBe('changed');
    expect(await library.statesOf(article)).toEqual(['pending']);
    expect(await library.embed(article)).toBe('embedded');
    expect(await library.stateOf(article)).toMatchObject({ status: 'embedded', model: newModel });
    expect(await library.statesOf(...articles)).toEqual(['pending', 'pending', 'pending']);
  });
});

describe('pages and progress', () => {
  it('start fifty articles a page, in the order of their ids, each once', async ({ tenant, library }) => {
    for (let i = 0; i < 60; i += 1) await library.write(`Number ${i}.`);
    await library.write('A draft.', 'draft');
    const started: string[] = [];
    const backlog = library.backlogWith({
      sendBacklogArticle: async (tenantId, articleId) => {
        expect(tenantId).toBe(tenant.id);
        started.push(articleId);
      },
    });
    const first = await backlog.startPage(tenant.id, undefined);
    expect(first).toEqual({ started: 50, afterId: started.at(-1) });
    expect(await backlog.settle(tenant.id, first.afterId)).toEqual({ pending: 60, underWay: 50 });
    expect(await backlog.startPage(tenant.id, first.afterId)).toEqual({ started: 10 });
    expect(started).toEqual([...new Set(started)].sort());
    expect(await backlog.settle(tenant.id, undefined)).toEqual({ pending: 60, underWay: 60 });
  });
});

describe('reconciliation', () => {
  it('starts the workflow of a stuck article of any tenant again, once', async ({ test, library }) => {
    const other = await test.createTenant();
    const mine = await library.write('One.');
    const theirs = await library.write('Two.', 'published', other);
    await library.emptyOutbox();
    await library.emptyOutbox(other);
    await library.idleFor(mine, 16);
    await library.idleFor(theirs, 16);
    expect(await library.requeue()).toBe(2);
    expect(library.signalled.sort()).toEqual([mine.articleId, theirs.articleId].sort());
    expect(await library.requeue()).toBe(0);
  });

  it('requeues what the budget of a past month has parked', async ({ test, tenant, library }) => {
    const parked = await library.write('One.');
    await library.emptyOutbox();
    await test.services.steps.giveUp(parked, 'budget_exhausted');
    await test.services.database.withTenant(tenant.id, (tx) =>
      tx('monthly_usage').insert({
        tenant_id: tenant.id,
        month: tx.raw(`date_trunc('month', now() at time zone 'UTC')::date`),
        exhausted_at: tx.fn.now(),
      }),
    );
    expect(await library.requeue()).toBe(0);
    await test.db.rawAsOwner(
      `update monthly_usage set month = (month - interval '1 month')::date where tenant_id = $1`,
      [tenant.id],
    );
    expect(await library.requeue()).toBe(1);
    expect(await library.statesOf(parked)).toEqual(['pending']);
  });

  it('leaves alone what waits for an announced attempt, what is on its way, and what waits for a person', async ({
    test,
    tenant,
    library,
  }) => {
    const announced = await library.write('One.');
    const onItsWay = await library.write('Two.');
    const parked = await library.write('Three.');
    const failed = await library.write('Four.');
    const recent = await library.write('Five.');
    const draft = await library.write('Six.', 'draft');
    await test.db.rawAsOwner('delete from outbox where tenant_id = $1 and subject_id <> $2', [
      tenant.id,
      onItsWay.articleId,
    ]);
    await test.services.steps.giveUp(parked, 'model_not_found');
    await test.services.steps.giveUp(failed, 'input_rejected');
    for (const article of [announced, onItsWay, parked, failed, draft]) await library.idleFor(article, 60);
    await library.idleFor(recent, 10);
    await test.db.rawAsOwner(
      `update article_embeddings set next_attempt_at = clock_timestamp() + interval '1 minute' where article_id = $1`,
      [announced.articleId],
    );
    expect(await library.requeue()).toBe(0);
    await test.db.rawAsOwner(
      `update article_embeddings set next_attempt_at = clock_timestamp() - interval '1 minute' where article_id = $1`,
      [announced.articleId],
    );
    expect(await library.requeue()).toBe(1);
    expect(library.signalled).toEqual([announced.articleId]);
  });
});

/** What these facts do with a tenant's articles, and see of them. */
function openLibrary(test: TestServices, tenant: TestTenant) {
  const { services } = test;
  const write = (body: string, status: 'published' | 'draft' = 'published', of = tenant) =>
    createArticle(test, of, { body, status });

  const setModel = async (model: string | null, of = tenant) => {
    const updated = await test.services.llmConfig.update(of.actor, { embedding_model: model });
    expect(updated.kind).toBe('updated');
  };

  const embed = (article: ArticleRef) => embedOnce(test, article);

  const stateOf = async ({ tenantId, articleId }: ArticleRef) =>
    (await test.services.articles.get(tenantId, articleId))?.embedding;
  const statesOf = async (...articles: ArticleRef[]) =>
    Promise.all(articles.map(async (article) => (await stateOf(article))?.status));
  const servingModel = async (of = tenant) =>
    (await services.database.withTenant(of.id, (tx) => serving(tx, of.id)))?.target.model;
  const outboxOf = (kind: 'article' | 'backlog', of = tenant) =>
    test.db.rawAsOwner('select subject_id from outbox where tenant_id = $1 and kind = $2', [of.id, kind]);
  const emptyOutbox = (of = tenant) => test.db.rawAsOwner('delete from outbox where tenant_id = $1', [of.id]);
  /** The backlog with a stand-in for Temporal. */
  const backlogWith = (starter: Pick<WorkflowStarter, 'sendBacklogArticle'>) => {
    const { database, outbox, providerKeys: keys, usage } = services;
    return createBacklog({
      database,
      outbox,
      keys,
      usage,
      starter,
      cutOverWhenComplete: createCutOver({ outbox }),
      log: { warn: () => undefined },
    });
  };
  const settle = (of = tenant) => services.backlog.settle(of.id, undefined);

  /** The articles whose workflows the last `requeue` has started. */
  const signalled: string[] = [];
  const requeue = async () => {
    signalled.length = 0;
    return backlogWith({
      sendBacklogArticle: async (_tenantId, articleId) => void signalled.push(articleId),
    }).requeueStuck();
  };
  /** Sets the article's state back, as if nothing had touched it for so many minutes. */
  const idleFor = (article: ArticleRef, minutes: number) =>
    test.db.rawAsOwner(
      `update article_embeddings set updated_at = clock_timestamp() - $2 * interval '1 minute' where article_id = $1`,
      [article.articleId, minutes],
    );

  return {
    ...{ write, setModel, embed, stateOf, statesOf, servingModel, outboxOf, emptyOutbox },
    ...{ backlogWith, settle, signalled, requeue, idleFor },
  };
}
