import { randomUUID } from 'node:crypto';
import { type AnalyzableText, analyzeText } from '../../src/domain/words/analyze-text.ts';
import type { TestDatabase } from './test-database.ts';

/** An article as its rows alone: what is not said is empty. */
export interface ArticleRow extends Partial<AnalyzableText> {
  readonly status?: 'published' | 'draft' | 'archived';
}

/** Writes articles and their words by their rows alone, many at once. Answers their ids, in order. */
export async function insertArticles(
  { database }: Pick<TestDatabase, 'database'>,
  tenantId: string,
  articles: readonly ArticleRow[],
): Promise<string[]> {
  const rows = articles.map(({ status = 'published', ...text }) => {
    const whole = { title: 'T', body: '', category: 'finding', tags: [], language: null, ...text };
    return { id: randomUUID(), status, ...whole, words: analyzeText(whole) };
  });
  await database.withTenant(tenantId, async (tx) => {
    for (let start = 0; start < rows.length; start += 500) {
      const some = rows.slice(start, start + 500);
      await tx('articles').insert(
        some.map(({ id, status, title, body, category, tags }) => ({
          ...{ tenant_id: tenantId, id, title, body, category, tags: [...tags], status },
          content_hash: id,
        })),
      );
      await tx('article_words').insert(
        some.map(({ id, status, category, tags, words }) => ({
          ...{ tenant_id: tenantId, article_id: id, version: words.version, language: words.language },
          ...{ words: words.vector, length: words.length, body_from: words.bodyFrom },
          ...{ offsets: [...words.offsets], status, category, tag_keys: [...tags] },
        })),
      );
    }
  });
  return rows.map(({ id }) => id);
}
