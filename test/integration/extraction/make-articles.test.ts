import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { CreateArticle } from '../../../src/articles/article-creation.ts';
import { createExtraction } from '../../../src/extraction/create-extraction.ts';
import { countCreatedAlone, insertOutcomes } from '../../../src/extraction/outcome-store.ts';
import { DatabaseUnavailable } from '../../../src/platform/postgres/unavailable.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfExtraction, written } from '../../support/extraction.ts';
import { holdTransaction, untilWaiting } from '../../support/held-transaction.ts';
import type { TestServices } from '../../support/test-services.ts';

const it = factsOfExtraction();

describe('the articles of an answer', () => {
  it('are drafts of the author, with what the model says and what the job says', async ({
    document,
    tenant,
    test,
  }) => {
    const article = written({ status: 'published', source_type: 'mine', metadata: { a: 1 }, tenant_id: 'x' });
    document.saysOf([article]);
    await document.ask();
    const made = await document.make();
    expect(made).toEqual({ ...nothing, created: 1, articleIds: [expect.any(String)] });
    const { title, body, category, tags } = article;
    expect(await document.articles()).toEqual([
      expect.objectContaining({
        ...{ title, body, category, tags, status: 'draft', sourceType: 'test' },
        metadata: { team: 'a team', source: { kind: 'ingestion', id: document.subject.id } },
      }),
    ]);
    const audited = await test.db.rawAsOwner(
      "select actor_key_id, action from audit_log where tenant_id = $1 and action like 'article.%'",
      [tenant.id],
    );
    expect(audited).toEqual([{ actor_key_id: tenant.actor.keyId, action: 'article.created' }]);
  });

  it('are made once, and the gate is paid once, however often they are made', async ({
    document,
    twin,
    key,
  }) => {
    document.saysOf([written(), written()]);
    await document.ask();
    const made = await document.make();
    const paid = twin.callsOf(key).length;
    expect(paid).toBeGreaterThan(0);
    expect(await document.make()).toEqual(made);
    expect(twin.callsOf(key)).toHaveLength(paid);
    expect((await document.articles()).map(({ id }) => id)).toEqual(made.articleIds);
  });

  it('are made once when two make them at the same time', async ({ document }) => {
    document.saysOf([written(), written(), written()]);
    await document.ask();
    const [one, other] = await Promise.all([document.make(), document.make()]);
    expect(one.created + other.created).toBeGreaterThan(2);
    expect(await document.articles()).toHaveLength(3);
    expect(await document.make()).toMatchObject({ ...nothing, created: 3, articleIds: expect.any(Array) });
  });

  it('are published when that is asked for, and each then has its workflow', async ({ document, test }) => {
    document.saysOf([written(), written()]);
    await document.ask();
    const { articleIds } = await document.make({ status: 'published' });
    expect((await document.articles()).map(({ status }) => status)).toEqual(['published', 'published']);
    const requested = await test.db.rawAsOwner("select subject_id from outbox where kind = 'article'");
    expect(requested.map((row) => row.subject_id)).toEqual(expect.arrayContaining([...articleIds]));
  });

  it('that an article says already are counted with its id, and cost none of the others', async ({
    document,
    tenant,
    test,
  }) => {
    const known = written();
    const { title, body, tags } = known;
    const existing = await createArticle(test, tenant, { title, body, tags });
    document.saysOf([known, written(), { ...known, title: 'Again' }]);
    await document.ask();
    expect(await document.make()).toMatchObject({ created: 1, duplicates: 2, failed: 0 });
    const rows = await test.db.rawAsOwner(
      'select number, outcome, article_id from extraction_articles where subject_id = $1 order by number',
      [document.subject.id],
    );
    expect(rows[0]).toEqual({ number: 0, outcome: 'duplicate', article_id: existing.articleId });
    expect(rows[2]).toEqual({ number: 2, outcome: 'duplicate', article_id: null });
  });

  it('that are not valid are counted, and cost none of the others', async ({ document }) => {
    document.saysOf([{ title: 'No body' }, written(), 7, written()]);
    await document.ask();
    expect(await document.make()).toMatchObject({ created: 2, failed: 2, leftOut: 0 });
  });

  it('are at most as many as asked for: of a part, and of the whole document at the same time', async ({
    document,
    test,
  }) => {
    document.saysOf(Array.from({ length: 5 }, () => written()));
    await document.ask({ maxArticles: 2 });
    document.saysOf(Array.from({ length: 5 }, () => written()));
    await document.ask({ part: 1, maxArticles: 5 });
    await Promise.all([document.make({ maxArticles: 4 }), document.make({ part: 1, maxArticles: 4 })]);
    expect(await document.articles()).toHaveLength(4);
    const all = await test.db.database.withTenant(document.subject.tenantId, (tx) =>
      test.services.extraction.articlesOf(tx, document.subject),
    );
    expect(all).toMatchObject({ created: 4, leftOut: 6, duplicates: 0, failed: 0 });
    expect(all.articleIds).toHaveLength(4);
  });

  it('find no room that another process is about to take, and leave no article then', async ({
    document,
    test,
  }) => {
    const { database } = test.services;
    const { tenantId } = document.subject;
    document.saysOf([written()]);
    await document.ask();
    const other = await holdTransaction(database, tenantId, async (tx) => {
      await countCreatedAlone(tx, tenantId, document.subject);
      const outcome = { number: 0, outcome: 'created', articleId: randomUUID() } as const;
      await insertOutcomes(tx, tenantId, document.passage(1), [outcome]);
    });
    const making = document.make({ maxArticles: 1 });
    expect(await untilWaiting(test.db, making)).toBe('waits');
    await other.commit();
    expect(await making).toMatchObject({ created: 0, leftOut: 1 });
    expect(await document.articles()).toEqual([]);
  });

  it('stay known after the answers are deleted', async ({ document, test }) => {
    document.saysOf([written()]);
    await document.ask();
    const made = await document.make();
    await test.db.database.withTenant(document.subject.tenantId, (tx) =>
      test.services.extraction.forget(tx, document.subject),
    );
    expect(await document.make()).toEqual(made);
  });
});

describe('a run that ends early', () => {
  it('is gone on with where it was, after a crash', async ({ document, test }) => {
    document.saysOf([written(), written(), written()]);
    await document.ask();
    const crashing = extractionOf(test, ({ calls }) => {
      if (calls === 2) throw new DatabaseUnavailable('connection_lost');
    });
    await expect(document.make({ by: crashing })).rejects.toThrow(DatabaseUnavailable);
    const [first] = await document.articles();
    const made = await document.make();
    expect(made).toMatchObject({ created: 3, failed: 0 });
    expect(made.articleIds[0]).toBe(first?.id);
    expect(await document.articles()).toHaveLength(3);
  });

  it('loses none of the other articles by a bug about one, and tries that one again', async ({
    document,
    test,
  }) => {
    document.saysOf([written(), written(), written()]);
    await document.ask();
    const failing = extractionOf(test, ({ calls }) => {
      if (calls === 1) throw new Error('a bug');
    });
    await expect(document.make({ by: failing })).rejects.toThrow('a bug');
    expect(await document.articles()).toHaveLength(2);
    expect(await document.make()).toMatchObject({ created: 3 });
  });

  it('remembers an article that the database refuses, and does not try it again', async ({
    document,
    test,
  }) => {
    document.saysOf([written(), written()]);
    await document.ask();
    const refusing = extractionOf(test, ({ calls }) => {
      if (calls === 1) throw Object.assign(new Error('refused'), { code: '22021' });
    });
    expect(await document.make({ by: refusing })).toMatchObject({ created: 1, failed: 1 });
    expect(await document.make()).toMatchObject({ created: 1, failed: 1 });
  });
});

const nothing = { created: 0, duplicates: 0, failed: 0, leftOut: 0, left: 0 };

/** The room with a creation of articles that may fail before it begins. */
function extractionOf({ services }: TestServices, before: (of: { readonly calls: number }) => void) {
  let calls = 0;
  const create: CreateArticle = async (...of) => {
    calls += 1;
    before({ calls });
    return services.articles.create(...of);
  };
  const { database, anthropic } = services;
  return createExtraction({ database, anthropic, createArticle: create, timeoutMs: 30_000 });
}
