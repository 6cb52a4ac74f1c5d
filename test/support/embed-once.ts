import type { ArticleRef } from '../../src/domain/embed-article.ts';
import type { TestServices } from './test-services.ts';

/** Runs the steps of the embedding workflow once, without Temporal. Answers the kind of the step that ended it. */
export async function embedOnce({ services }: TestServices, article: ArticleRef): Promise<string> {
  const { steps } = services;
  const resolved = await steps.resolveKey(article);
  if (resolved.kind !== 'reference') return resolved.kind;
  const check = await steps.checkContentHash(article, resolved.key);
  if (check.kind !== 'missing') return check.kind;
  return (await steps.generate(article, resolved.key, check.contentHash)).kind;
}
