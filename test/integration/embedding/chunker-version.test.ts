import { describe, expect } from 'vitest';
import { chunkerVersion } from '../../../src/domain/chunks.ts';
import type { ArticleRef } from '../../../src/domain/embed-article.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { twinKey } from '../../support/provider-twin.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

const it = factsOfServices().extend('tenantBefore', async ({ test, tenant }) => openBefore(test, tenant));

describe('a tenant whose vectors are of an earlier chunker', () => {
  it('is served by them until every article has been embedded again', async ({ tenantBefore }) => {
    const { first, second, edit, embed, spaces, statusOf, waitsForBacklog } = tenantBefore;
    expect(await waitsForBacklog()).toBe(false);
    await edit(first);
    await embed(first);
    expect(await spaces()).toEqual([
      { version: 1, state: 'serving' },
      { version: chunkerVersion, state: 'building' },
    ]);
    expect(await statusOf(second)).toBe('pending');
    expect(await waitsForBacklog()).toBe(true);
    await embed(second);
    expect(await spaces()).toEqual([
      { version: 1, state: 'retired' },
      { version: chunkerVersion, state: 'serving' },
    ]);
  });

  it('is embedded again after another key, as after another model', async ({ tenant, tenantBefore }) => {
    await tenant.setEmbeddingKey(twinKey());
    expect(await tenantBefore.statusOf(tenantBefore.second)).toBe('pending');
  });
});

/** Two embedded articles of a tenant, whose space is then said to be of the chunker before. */
async function openBefore(test: TestServices, tenant: TestTenant) {
  const { steps, articles } = test.services;
  const embed = async (article: ArticleRef) => {
    const resolved = await steps.resolveKey(article);
    if (resolved.kind !== 'reference') throw new Error(resolved.kind);
    const check = await steps.checkContentHash(article, resolved.key);
    if (check.kind !== 'missing') throw new Error(check.kind);
    expect(await steps.generate(article, resolved.key, check.contentHash)).toMatchObject({
      kind: 'embedded',
    });
  };
  const first = await createArticle(test, tenant, { title: 'First' });
  const second = await createArticle(test, tenant, { title: 'Second' });
  await embed(first);
  await embed(second);
  await test.db.rawAsOwner('update embedding_spaces set chunker_version = 1 where tenant_id = $1', [
    tenant.id,
  ]);
  await test.db.rawAsOwner(`delete from outbox where tenant_id = $1`, [tenant.id]);
  return {
    first,
    second,
    embed,
    edit: ({ articleId }: ArticleRef) =>
      articles.edit(tenant.actor, articleId, { body: 'Another text.' }, { kind: 'any' }),
    spaces: () =>
      test.db.rawAsOwner(
        'select chunker_version as version, state from embedding_spaces where tenant_id = $1 order by 1',
        [tenant.id],
      ),
    async statusOf({ articleId }: ArticleRef) {
      const [row] = await test.db.rawAsOwner('select status from article_embeddings where article_id = $1', [
        articleId,
      ]);
      return row?.status;
    },
    async waitsForBacklog() {
      const rows = await test.db.rawAsOwner(
        `select 1 from outbox where tenant_id = $1 and kind = 'backlog'`,
        [tenant.id],
      );
      return rows.length > 0;
    },
  };
}
