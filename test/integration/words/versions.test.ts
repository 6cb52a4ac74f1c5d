import { describe, expect } from 'vitest';
import { type AnalyzableText, analyzeText } from '../../../src/domain/words/analyze-text.ts';
import type { Services } from '../../../src/main/services.ts';
import type { Analyzer } from '../../../src/words/analysis/analyzer.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { holdTransaction, untilWaiting } from '../../support/held-transaction.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';
import { analyzerOf, releaseOf } from './release.ts';

// A release with a second version of the analyzer, on the database of one that knows the first alone.
const first = analyzerOf(1, analyzeText);
const second = analyzerOf(2, (text) => ({
  ...analyzeText(text),
  vector: "'of-the-second':1A",
  language: 'fr',
}));
const it = factsOfServices()
  .extend('next', { scope: 'file' }, async ({ test }, { onCleanup }): Promise<Services> => {
    const next = releaseOf(test, { current: second, earlier: [first] });
    onCleanup(async () => void (await next.close()));
    return next;
  })
  .extend('seen', ({ test, tenant }) => openSeen(test, tenant))
  // Each fact begins without the tenants of the others.
  .extend('alone', { auto: true }, async ({ test }, { onCleanup }) => {
    onCleanup(async () => void (await test.db.rawAsOwner('delete from word_versions')));
  });

describe('a later version', () => {
  it('is written beside the serving one until it has replaced it', async ({ test, tenant, next, seen }) => {
    const old = await createArticle(test, tenant, { title: 'Old' });
    const recent = await createArticle({ services: next }, tenant, { title: 'Recent' });
    expect(await seen.versions()).toEqual({ [old.articleId]: [1], [recent.articleId]: [1, 2] });
    expect(await seen.served('old | recent')).toHaveLength(2);

    expect(await next.rewriting.rewriteSome()).toBe(1);
    expect(await seen.state()).toEqual({ serving: 2, building: 2 });
    expect(await seen.served('of-the-second')).toHaveLength(2);

    await next.rewriting.rewriteSome();
    expect(await seen.versions()).toEqual({ [old.articleId]: [1, 2], [recent.articleId]: [1, 2] });
    await seen.pass(6);
    await next.rewriting.rewriteSome();
    expect(await seen.versions()).toEqual({ [old.articleId]: [2], [recent.articleId]: [2] });
    expect(await seen.state()).toEqual({ serving: 2, building: null });
    expect(await next.rewriting.rewriteSome()).toBe(0);
  });

  it('is not served before the last article has its words, and goes on where a process has died', async ({
    test,
    tenant,
    next,
    seen,
  }) => {
    for (let n = 0; n < 25; n += 1) await createArticle(test, tenant, { title: `Article ${n}` });
    let analyzed = 0;
    const dying: Analyzer = {
      version: 2,
      analyze: (tenantId, text) => {
        analyzed += 1;
        return analyzed > 5 ? Promise.reject(new Error('killed')) : second.analyze(tenantId, text);
      },
    };
    const killed = releaseOf(test, { current: dying, earlier: [first] });
    expect(await killed.rewriting.rewriteSome()).toBe(5);
    expect(await seen.state()).toEqual({ serving: 1, building: 2 });
    expect(await seen.served('article')).toHaveLength(25);
    expect(await next.rewriting.rewriteSome()).toBe(20);
    expect(await seen.state()).toEqual({ serving: 2, building: 2 });
    expect(await seen.served('of-the-second')).toHaveLength(25);
    await killed.close();
  });

  it('has the words of an edit that comes while its article is rewritten', async ({
    test,
    tenant,
    next,
    seen,
  }) => {
    const { articleId: id } = await createArticle(test, tenant, { title: 'Before' });
    const held = await holdTransaction(test.services.database, tenant.id, (tx) =>
      tx('articles').where({ id }).forUpdate().select('id'),
    );
    const texts: AnalyzableText[] = [];
    const noting: Analyzer = {
      version: 2,
      analyze: (tenantId, text) => {
        texts.push(text);
        return second.analyze(tenantId, text);
      },
    };
    const rewriter = releaseOf(test, { current: noting, earlier: [first] });
    const rewriting = rewriter.rewriting.rewriteSome();
    expect(await untilWaiting(test.db, rewriting)).toBe('waits');
    await held.commit((tx) => tx('articles').where({ id }).update({ title: 'After', revision: 2 }));
    await rewriting;
    expect(texts.map(({ title }) => title)).toContain('Before');
    expect(await seen.versions()).toEqual({ [id]: [1] });
    await next.articles.edit(tenant.actor, id, { title: 'Edited' }, { kind: 'any' });
    expect(await seen.versions()).toEqual({ [id]: [1, 2] });
    expect(await seen.served('edited')).toEqual([id]);
    await rewriter.close();
  });

  it('notices what a process of the release before writes after the change', async ({
    test,
    tenant,
    next,
    seen,
  }) => {
    const { articleId: id } = await createArticle(test, tenant, { title: 'Before' });
    await next.rewriting.rewriteSome();
    await seen.pass(6);
    await next.rewriting.rewriteSome();
    expect(await seen.state()).toEqual({ serving: 2, building: null });
    const before = releaseOf(test, { current: first, earlier: [] });
    await before.articles.edit(tenant.actor, id, { title: 'After' }, { kind: 'any' });
    await before.close();
    expect(await seen.state()).toEqual({ serving: 2, building: 2 });
    expect(await next.rewriting.rewriteSome()).toBe(1);
    expect(await seen.served('of-the-second')).toEqual([id]);
  });

  it('is left alone by the worker of the release before', async ({ test, tenant, next, seen }) => {
    await createArticle(test, tenant);
    await next.rewriting.rewriteSome();
    expect(await test.services.rewriting.rewriteSome()).toBe(0);
    expect(await seen.state()).toEqual({ serving: 2, building: 2 });
  });

  it('serves a tenant that is created with it from the beginning', async ({ test, next, seen }) => {
    const { actor } = await test.createTenant();
    const created = await next.tenants.createTenant(
      { ...actor, role: 'superadmin' },
      { slug: `new-${actor.tenantId}`, name: 'New' },
    );
    if (created.kind !== 'created') throw new Error(created.kind);
    expect(await seen.state(created.tenant.id)).toEqual({ serving: 2, building: null });
  });

  it('shows the language that it has detected, unless the author has set one', async ({
    test,
    tenant,
    next,
  }) => {
    const ids = [
      await createArticle(test, tenant),
      await createArticle(test, tenant, { language: 'de' }),
    ].map(({ articleId }) => articleId);
    await next.rewriting.rewriteSome();
    const read = await Promise.all(ids.map((id) => next.articles.get(tenant.id, id)));
    expect(read.map((article) => article?.language)).toEqual(['fr', 'de']);
    expect(read.map((article) => article?.revision)).toEqual([1, 1]);
  });
});

/** What is stored of a tenant's words. */
function openSeen(test: TestServices, tenant: TestTenant) {
  return {
    /** The ids of the articles that match a query of Postgres in the words that serve. */
    served: async (query: string) =>
      (
        await test.db.rawAsOwner(
          `select article_id from article_words w join word_versions v using (tenant_id)
            where tenant_id = $1 and w.version = v.serving and words @@ $2::tsquery`,
          [tenant.id, query],
        )
      ).map(({ article_id }) => article_id),
    async versions(): Promise<Record<string, unknown>> {
      const rows = await test.db.rawAsOwner(
        `select article_id, array_agg(version::int order by version) as versions
           from article_words where tenant_id = $1 group by 1`,
        [tenant.id],
      );
      return Object.fromEntries(rows.map(({ article_id, versions }) => [article_id, versions]));
    },
    state: async (tenantId = tenant.id) =>
      (
        await test.db.rawAsOwner('select serving, building from word_versions where tenant_id = $1', [
          tenantId,
        ])
      )[0],
    /** As if minutes had passed since the last change. */
    pass: (minutes: number) =>
      test.db.rawAsOwner(
        `update word_versions set changed_at = changed_at - $2 * interval '1 minute' where tenant_id = $1`,
        [tenant.id, minutes],
      ),
  };
}
