import type { ArticleRef } from '../../src/domain/embed-article.ts';
import type { TestServices } from './test-services.ts';

/**
 * Runs the first two steps of the embedding workflow, without Temporal. Returns the third, which makes the provider call, so
 * that a test begins it when it likes. Throws for an article that needs no call.
 */
export async function prepareCall({ services }: Pick<TestServices, 'services'>, article: ArticleRef) {
  const { steps } = services;
  const resolved = await steps.resolveKey(article);
  if (resolved.kind !== 'reference') throw new Error(resolved.kind);
  const check = await steps.checkContentHash(article, resolved.key);
  if (check.kind !== 'missing') throw new Error(check.kind);
  return () => steps.generate(article, resolved.key, check.contentHash);
}
