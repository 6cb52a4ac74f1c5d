import type { ArticleRef } from '../../src/domain/embed-article.ts';
import type { EmbedArticleSteps } from '../../src/embedding/embed-article.ts';

/** Steps 1 and 2 of EmbedArticle. Returns step 3, the provider call; throws for an article that needs none. */
export async function prepareCall(steps: EmbedArticleSteps, article: ArticleRef) {
  const resolved = await steps.resolveKey(article);
  if (resolved.kind !== 'reference') throw new Error(resolved.kind);
  const check = await steps.checkContentHash(article, resolved.key);
  if (check.kind !== 'missing') throw new Error(check.kind);
  return () => steps.generate(article, resolved.key, check.contentHash);
}

/** Steps 1 to 3 of EmbedArticle, each once. Returns the kind of answer that ended them. */
export async function embedOnce(steps: EmbedArticleSteps, article: ArticleRef) {
  const resolved = await steps.resolveKey(article);
  if (resolved.kind !== 'reference') return resolved.kind;
  const check = await steps.checkContentHash(article, resolved.key);
  if (check.kind !== 'missing') return check.kind;
  return (await steps.generate(article, resolved.key, check.contentHash)).kind;
}
