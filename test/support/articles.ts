import type { NewArticle } from '../../src/articles/article.ts';
import type { ArticleRef } from '../../src/domain/embed-article.ts';
import type { TestServices, TestTenant } from './test-services.ts';

/** Creates an article through the service, published unless `changes` say otherwise. The proposal gate is not asked. */
export async function createArticle(
  { services }: Pick<TestServices, 'services'>,
  tenant: Pick<TestTenant, 'id' | 'actor'>,
  changes: Partial<NewArticle> = {},
): Promise<ArticleRef> {
  const { article } = await services.articles.create(tenant.actor, {
    ...{ title: 'A title', body: 'Some text.', category: 'finding', tags: [], status: 'published' },
    ...{ sourceType: null, metadata: {}, force: true },
    ...changes,
  });
  return { tenantId: tenant.id, articleId: article.id };
}
