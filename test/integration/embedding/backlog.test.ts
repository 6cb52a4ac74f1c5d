import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ArticleRef } from '../../../src/domain/embed-article.ts';
import type { KeyReference } from '../../../src/domain/operations.ts';
import { createBacklog } from '../../../src/embedding/backlog/backlog.ts';
import { createCutOver } from '../../../src/embedding/cut-over.ts';
import type { WorkflowStarter } from '../../../src/outbox/workflow-starter.ts';
import { serving } from '../../../src/vectors/spaces.ts';
import { type ProviderTwin, startProviderTwin, twinKey } from '../../support/provider-twin.ts';
import { createTestServices, type TestServices, type TestTenant } from '../../support/test-services.ts';

// The services on a real Postgres and OpenBao, the provider a twin, and no Temporal: what it would run is run by hand.
const oldModel = 'multilingual-e5-small';
const newModel = 'another-model';

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
  tenant = await test.createTenant();
});

async function write(body: string, status: 'published' | 'draft' = 'published', of = tenant) {
  const { article } = await test.services.articles.create(of.actor, {
    title: 'A title',
    body,
    category: 'finding',
    tags: [],
    status,
    sourceType: null,
    metadata: {},
    force: true,
  });
  return { tenantId: of.id, articleId: article.id };
}

const setModel = async (model: string | null, of = tenant) => {
  const updated = await test.services.llmConfig.update(of.actor, { embedding_model: model });
  expect(updated.kind).toBe('updated');
};

/** Steps 1 to 3 of the walk, as the workflow orders them, once. */
async function embed(article: ArticleRef) {
  const { steps } = test.services;
  const resolved = await steps.resolveKey(article);
  if (resolved.kind !== 'reference') return resolved.kind;
  const check = await steps.checkContentHash(article, resolved.key);
  return check.kind === 'missing' ? generate(article, resolved.key, check.contentHash) : check.kind;
}
const generate = async (article: ArticleRef, reference: KeyReference, contentHash: string) =>
  (await test.services.steps.generate(article, reference, contentHash)).kind;

const stateOf = async ({ tenantId, articleId }: ArticleRef) =>
  (await test.services.articles.get(tenantId, articleId))?.embedding;
const statesOf = async (...articles: ArticleRef[]) =>
  Promise.all(articles.map(async (article) => (await stateOf(article))?.status));
const servingModel = async (of = tenant) =>
  (await test.services.database.withTenant(of.id, (tx) => serving(tx, of.id)))?.model;
const outboxOf = (kind: 'article' | 'backlog', of = tenant) =>
  test.db.rawAsOwner('select subject_id from outbox where tenant_id = $1 and kind = $2', [of.id, kind]);
const emptyOutbox = (of = tenant) => test.db.rawAsOwner('delete from outbox where tenant_id = $1', [of.id]);
/** The backlog with a stand-in for Temporal. */
const backlogWith = (starter: Pick<WorkflowStarter, 'sendBacklogArticle'>) => {
  const { database, outbox, providerKeys: keys, usage } = test.services;
  return createBacklog({
    database,
    outbox,
    keys,
    usage,
    starter,
    cutOverWhenComplete: createCutOver({ outbox }),
  });
};
const settle = (of = tenant) => test.services.backlog.settle(of.id, undefined);

describe('a first key', () => {
  it('makes every published article pending that was parked for want of one, and wants one backlog', async () => {
    const published = await write('One.');
    const draft = await write('Two.', 'draft');
    expect(await embed(published)).toBe('no_api_key');
    expect(await statesOf(published, draft)).toEqual(['blocked', 'not_applicable']);
    await tenant.setEmbeddingKey(key);
    expect(await statesOf(published, draft)).toEqual(['pending', 'not_applicable']);
    expect(await stateOf(published)).toMatchObject({ reason: null });
    expect(await outboxOf('backlog')).toEqual([{ subject_id: tenant.id }]);
  });

  it('concerns no other tenant', async () => {
    const other = await test.createTenant();
    const parked = await write('One.', 'published', other);
    await embed(parked);
    await write('Two.');
    await tenant.setEmbeddingKey(key);
    expect(await statesOf(parked)).toEqual(['blocked']);
    expect(await outboxOf('backlog', other)).toEqual([]);
  });

  it('finds nothing to start for a tenant without articles', async () => {
    await tenant.setEmbeddingKey(key);
    expect(await test.services.backlog.startPage(tenant.id, undefined)).toEqual({ started: 0 });
    expect(await settle()).toEqual({ pending: 0, underWay: 0 });
  });
});

describe('a replaced key', () => {
  it('leaves what is embedded as it is, and gives what its rejection has parked another chance', async () => {
    await tenant.setEmbeddingKey(key);
    const embedded = await write('One.');
    const parked = await write('Two.');
    const failed = await write('Three.');
    await embed(embedded);
    await test.services.steps.giveUp(parked, 'credential_rejected');
    await test.services.steps.giveUp(failed, 'input_rejected');
    await emptyOutbox();
    await tenant.setEmbeddingKey(twinKey());
    expect(await statesOf(embedded, parked, failed)).toEqual(['embedded', 'pending', 'pending']);
    expect(await outboxOf('backlog')).toHaveLength(1);
  });

  it('starts no workflow when everything is embedded', async () => {
    await tenant.setEmbeddingKey(key);
    await embed(await write('One.'));
    await emptyOutbox();
    await tenant.setEmbeddingKey(twinKey());
    expect(await test.services.backlog.startPage(tenant.id, undefined)).toEqual({ started: 0 });
  });

  it('is not lost on an article that the old key’s rejection parks only afterwards', async () => {
    await tenant.setEmbeddingKey(key);
    const article = await write('One.');
    await tenant.setEmbeddingKey(twinKey());
    // Its workflow was still busy with the rejection of the old key.
    await test.services.steps.giveUp(article, 'credential_rejected');
    const started: string[] = [];
    const backlog = backlogWith({
      sendBacklogArticle: async (_tenantId, articleId) => void started.push(articleId),
    });
    await backlog.startPage(tenant.id, undefined);
    expect(started).toEqual([article.articleId]);
  });
});

describe('another model', () => {
  let articles: ArticleRef[];
  beforeEach(async () => {
    await tenant.setEmbeddingKey(key);
    articles = [await write('One.'), await write('Two.'), await write('Three.')];
    for (const article of articles) await embed(article);
    await emptyOutbox();
  });

  it('makes every published article pending', async () => {
    await setModel(newModel);
    expect(await statesOf(...articles)).toEqual(['pending', 'pending', 'pending']);
    expect(await outboxOf('backlog')).toHaveLength(1);
  });

  it('serves searches by the old space until the last article has its vectors in the new one', async () => {
    await setModel(newModel);
    const seen = [await servingModel()];
    for (const article of articles) {
      await embed(article);
      await settle();
      seen.push(await servingModel());
    }
    expect(seen).toEqual([oldModel, oldModel, oldModel, newModel]);
    expect(await statesOf(...articles)).toEqual(['embedded', 'embedded', 'embedded']);
    expect(await stateOf({ tenantId: tenant.id, articleId: articles[0]?.articleId ?? '' })).toMatchObject({
      model: newModel,
    });
  });

  it('switches once, whoever comes last: no look in between finds none or two', async () => {
    await setModel(newModel);
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
    await Promise.all(articles.map(embed));
    over = true;
    await looking;
    expect(await servingModel()).toBe(newModel);
    expect([...seen].filter((models) => models !== oldModel && models !== newModel)).toEqual([]);
  });

  it('does not switch while a blocked article waits for a person, and does once it needs no vectors', async () => {
    await setModel(newModel);
    const [first, second, blocked] = articles;
    if (first === undefined || second === undefined || blocked === undefined) throw new Error('three');
    await test.services.steps.giveUp(blocked, 'quota_exhausted');
    await embed(first);
    await embed(second);
    expect(await settle()).toEqual({ pending: 0, underWay: 0 });
    expect(await servingModel()).toBe(oldModel);
    await test.services.articles.transition(tenant.actor, blocked.articleId, 'archive');
    await settle();
    expect(await servingModel()).toBe(newModel);
  });

  it('does not wait for an article that has been given up', async () => {
    await setModel(newModel);
    const [first, second, failed] = articles;
    if (first === undefined || second === undefined || failed === undefined) throw new Error('three');
    await test.services.steps.giveUp(failed, 'input_rejected');
    await embed(first);
    await embed(second);
    expect(await servingModel()).toBe(newModel);
  });

  it('and back again costs nothing', async () => {
    await setModel(newModel);
    const bought = twin.callsOf(key).length;
    await setModel(null);
    for (const article of articles) expect(await embed(article)).toBe('unchanged');
    expect(twin.callsOf(key)).toHaveLength(bought);
    expect(await servingModel()).toBe(oldModel);
  });

  it('during a call leaves the article pending: vectors of the old model complete nothing', async () => {
    const article = await write('Four.');
    twin.script(key, [{ kind: 'ok', delayMs: 200 }]);
    const before = twin.callsOf(key).length;
    const embedding = embed(article);
    while (twin.callsOf(key).length === before) await new Promise((resolve) => setTimeout(resolve, 5));
    await setModel(newModel);
    expect(await embedding).toBe('changed');
    expect(await statesOf(article)).toEqual(['pending']);
    expect(await embed(article)).toBe('embedded');
    expect(await stateOf(article)).toMatchObject({ status: 'embedded', model: newModel });
  });
});

describe('pages and progress', () => {
  it('start fifty articles a page, in the order of their ids, each once', async () => {
    for (let i = 0; i < 60; i += 1) await write(`Number ${i}.`);
    await write('A draft.', 'draft');
    const started: string[] = [];
    const backlog = backlogWith({
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
  const signalled: string[] = [];
  const requeue = async () => {
    signalled.length = 0;
    return backlogWith({
      sendBacklogArticle: async (_tenantId, articleId) => void signalled.push(articleId),
    }).requeueStuck();
  };
  /** As if nothing had touched the article's state for so long. */
  const idleFor = (article: ArticleRef, minutes: number) =>
    test.db.rawAsOwner(
      `update article_embeddings set updated_at = clock_timestamp() - $2 * interval '1 minute' where article_id = $1`,
      [article.articleId, minutes],
    );

  it('gives a forgotten article of any tenant its workflow back, once', async () => {
    const other = await test.createTenant();
    const mine = await write('One.');
    const theirs = await write('Two.', 'published', other);
    await emptyOutbox();
    await emptyOutbox(other);
    await idleFor(mine, 16);
    await idleFor(theirs, 16);
    expect(await requeue()).toBe(2);
    expect(signalled.sort()).toEqual([mine.articleId, theirs.articleId].sort());
    expect(await requeue()).toBe(0);
  });

  it('takes up what a budget of a month gone by has parked', async () => {
    const parked = await write('One.');
    await emptyOutbox();
    await test.services.steps.giveUp(parked, 'budget_exhausted');
    await test.services.database.withTenant(tenant.id, (tx) =>
      tx('monthly_usage').insert({
        tenant_id: tenant.id,
        month: tx.raw(`date_trunc('month', now() at time zone 'UTC')::date`),
        exhausted_at: tx.fn.now(),
      }),
    );
    expect(await requeue()).toBe(0);
    await test.db.rawAsOwner(
      `update monthly_usage set month = (month - interval '1 month')::date where tenant_id = $1`,
      [tenant.id],
    );
    expect(await requeue()).toBe(1);
    expect(await statesOf(parked)).toEqual(['pending']);
  });

  it('lets alone what waits for an announced attempt, what is on its way, and what waits for a person', async () => {
    const announced = await write('One.');
    const onItsWay = await write('Two.');
    const parked = await write('Three.');
    const failed = await write('Four.');
    const recent = await write('Five.');
    const draft = await write('Six.', 'draft');
    await test.db.rawAsOwner('delete from outbox where tenant_id = $1 and subject_id <> $2', [
      tenant.id,
      onItsWay.articleId,
    ]);
    await test.services.steps.giveUp(parked, 'quota_exhausted');
    await test.services.steps.giveUp(failed, 'input_rejected');
    for (const article of [announced, onItsWay, parked, failed, draft]) await idleFor(article, 60);
    await idleFor(recent, 10);
    await test.db.rawAsOwner(
      `update article_embeddings set next_attempt_at = clock_timestamp() + interval '1 minute' where article_id = $1`,
      [announced.articleId],
    );
    expect(await requeue()).toBe(0);
    await test.db.rawAsOwner(
      `update article_embeddings set next_attempt_at = clock_timestamp() - interval '1 minute' where article_id = $1`,
      [announced.articleId],
    );
    expect(await requeue()).toBe(1);
    expect(signalled).toEqual([announced.articleId]);
  });
});
