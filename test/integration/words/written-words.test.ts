import { describe, expect } from 'vitest';
import type { ArticleChanges } from '../../../src/articles/article.ts';
import { ThreadsUnavailable } from '../../../src/platform/threads/threads-unavailable.ts';
import type { Analyzers } from '../../../src/words/word-index.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { holdTransaction, untilWaiting } from '../../support/held-transaction.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';
import { releaseOf } from './release.ts';

// The rows of article_words, after each write of an article.
const it = factsOfServices(({ twin }) => ({ ANTHROPIC_BASE_URL: twin.anthropicBaseUrl })).extend(
  'author',
  ({ test, tenant }) => openAuthor(test, tenant),
);

const sample = { title: 'Bees', tags: ['honey'], category: 'idea', body: 'They dance.' } as const;

describe('the words of an article', () => {
  it('are stored when its creation is answered, by where they stand', async ({ author }) => {
    const id = await author.write(sample);
    expect(await author.find('bees:A & honey:B & idea:B & dance:D')).toEqual([id]);
    expect(await author.find('bees:D | honey:D | idea:A | dance:A')).toEqual([]);
    expect(await author.rowOf(id)).toMatchObject({
      ...{ version: 1, status: 'published', category: 'idea', tag_keys: ['honey'] },
    });
  });

  it('are those of the new text when an edit is answered', async ({ author }) => {
    const id = await author.write(sample);
    await author.edit(id, { title: 'Wasps', tags: ['PAPER'] });
    expect(await author.find('wasps:A & paper:B & idea:B & dance:D')).toEqual([id]);
    expect(await author.find('bees | honey')).toEqual([]);
    expect(await author.rowOf(id)).toMatchObject({ tag_keys: ['paper'], length: 5 });
    await author.edit(id, { category: 'playbook' });
    expect(await author.find('playbook:B & !idea')).toEqual([id]);
  });

  it('stay as they are when an edit changes metadata alone', async ({ author, test }) => {
    const id = await author.write(sample);
    const written = () => test.db.rawAsOwner('select xmin from article_words where article_id = $1', [id]);
    const before = await written();
    await author.edit(id, { metadata: { a: 1 }, title: sample.title });
    expect(await written()).toEqual(before);
  });

  it('have the status of the article after each transition', async ({ author }) => {
    const id = await author.write({ ...sample, status: 'draft' });
    expect(await author.rowOf(id)).toMatchObject({ status: 'draft' });
    for (const [name, status] of [
      ['publish', 'published'],
      ['unpublish', 'draft'],
      ['archive', 'archived'],
    ] as const) {
      await author.transition(id, name);
      expect(await author.rowOf(id)).toMatchObject({ status });
    }
  });

  it('have the category that the model has chosen', async ({ test, tenant, twin, key, author }) => {
    await tenant.setAnthropicKey(key);
    twin.answer(key, () => ({ category: 'decision', confidence: 0.9 }));
    const id = await author.write({ ...sample, category: null });
    expect(await author.find('finding:B')).toEqual([id]);
    const ref = { tenantId: tenant.id, articleId: id };
    expect(await test.services.classifySteps.classify(ref)).toEqual({ kind: 'classified' });
    expect(await author.find('decision:B & bees:A')).toEqual([id]);
    expect(await author.find('finding')).toEqual([]);
    expect(await author.rowOf(id)).toMatchObject({ category: 'decision' });
  });

  it('are left to the worker where the text was changed while the model was asked', async ({
    test,
    tenant,
    twin,
    key,
    author,
  }) => {
    await tenant.setAnthropicKey(key);
    twin.answer(key, () => ({ category: 'decision', confidence: 0.9 }));
    const id = await author.write({ ...sample, category: null });
    const held = await holdTransaction(test.services.database, tenant.id, (tx) =>
      tx('articles').where({ id }).forUpdate().select('id'),
    );
    const classified = test.services.classifySteps.classify({ tenantId: tenant.id, articleId: id });
    expect(await untilWaiting(test.db, classified)).toBe('waits');
    await held.commit((tx) => tx('articles').where({ id }).update({ title: 'Hornets', revision: 7 }));
    expect(await classified).toEqual({ kind: 'classified' });
    expect(await author.rowOf(id)).toBeUndefined();
    await test.services.rewriting.rewriteSome();
    expect(await author.find('hornets:A & decision:B & !finding')).toEqual([id]);
  });

  it('are those of a merged draft', async ({ test, tenant, twin, key, author }) => {
    await tenant.setAnthropicKey(key);
    twin.answer(key, () => ({ title: 'Both', body: 'All of it.', category: 'reference', tags: ['merged'] }));
    const [a, b] = [await author.write({ title: 'One' }), await author.write({ title: 'Two' })];
    const merged = await test.services.merging.merge(tenant.actor, [a, b]);
    if (merged.kind !== 'merged') throw new Error(merged.kind);
    expect(await author.find('both:A & merged:B & reference:B & all:D')).toEqual([merged.article.id]);
    expect(await author.rowOf(merged.article.id)).toMatchObject({ status: 'draft' });
  });

  it('are those of both edits where one overtakes the other', async ({ test, tenant, author }) => {
    const id = await author.write(sample);
    const held = await holdTransaction(test.services.database, tenant.id, (tx) =>
      tx('articles').where({ id }).forUpdate().select('id'),
    );
    const [first, second] = [author.edit(id, { title: 'Wasps' }), author.edit(id, { body: 'They sting.' })];
    expect(await untilWaiting(test.db, Promise.all([first, second]))).toBe('waits');
    await held.commit((tx) =>
      tx('articles')
        .where({ id })
        .update({ tags: ['nests'], revision: tx.raw('revision + 1') }),
    );
    await Promise.all([first, second]);
    expect(await author.find('wasps:A & nests:B & sting:D')).toEqual([id]);
    expect(await author.find('bees | honey | dance')).toEqual([]);
  });

  it('go with the article', async ({ test, author }) => {
    const id = await author.write(sample);
    await test.db.rawAsOwner('delete from articles where id = $1', [id]);
    expect(await author.rowOf(id)).toBeUndefined();
  });
});

describe('where no thread is free to find the words', () => {
  const busy: Analyzers = {
    current: { version: 1, analyze: () => Promise.reject(new ThreadsUnavailable('busy')) },
    earlier: [],
  };

  it('an article is not written, and its author may try again', async ({ test, tenant }) => {
    const services = releaseOf(test, busy);
    await expect(createArticle({ services }, tenant, sample)).rejects.toThrow(ThreadsUnavailable);
    expect((await test.services.articles.list(tenant.id, { limit: 5 })).articles).toEqual([]);
    await services.close();
  });

  it('the words of a paid draft are left to the worker', async ({ test, tenant, twin, key, author }) => {
    await tenant.setAnthropicKey(key);
    twin.answer(key, () => ({ title: 'Both', body: 'All of it.', category: 'reference', tags: [] }));
    const [a, b] = [await author.write({ title: 'One' }), await author.write({ title: 'Two' })];
    const services = releaseOf(test, busy);
    expect(await services.merging.merge(tenant.actor, [a, b])).toMatchObject({ kind: 'merged' });
    expect(await author.find('both')).toEqual([]);
    expect(await services.rewriting.rewriteSome()).toBe(0);
    expect(await test.services.rewriting.rewriteSome()).toBe(1);
    expect(await author.find('both:A & reference:B & all:D')).toHaveLength(1);
    await services.close();
  });
});

/** What a fact does with the articles of a tenant, and reads of their words. */
function openAuthor(test: TestServices, tenant: TestTenant) {
  const { articles } = test.services;
  return {
    write: async (of: Parameters<typeof createArticle>[2]) =>
      (await createArticle(test, tenant, of)).articleId,
    async edit(id: string, changes: ArticleChanges) {
      const changed = await articles.edit(tenant.actor, id, changes, { kind: 'any' });
      expect(changed.kind).toBe('ok');
    },
    async transition(id: string, name: 'publish' | 'unpublish' | 'archive') {
      expect((await articles.transition(tenant.actor, id, name)).kind).toBe('ok');
    },
    /** The ids of the articles that match a query in Postgres' own language. */
    find: async (query: string) =>
      (
        await test.db.rawAsOwner(
          'select article_id from article_words where tenant_id = $1 and words @@ $2::tsquery order by article_id',
          [tenant.id, query],
        )
      ).map(({ article_id }) => article_id),
    rowOf: async (id: string) =>
      (await test.db.rawAsOwner('select * from article_words where article_id = $1', [id]))[0],
  };
}
