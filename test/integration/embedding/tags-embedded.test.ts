import { describe, expect } from 'vitest';
import { createArticle } from '../../support/articles.ts';
import { embedOnce } from '../../support/embed-once.ts';
import { factsOfServices } from '../../support/fixtures.ts';

const it = factsOfServices(() => ({ EMBEDDING_BATCH_CHUNKS: '64' }));

const body = `# Storage\n\n${'A caracal jumps high. '.repeat(60)}\n\n## Backups\n\n${'A lynx sleeps long. '.repeat(120)}`;

describe('an article with tags', () => {
  it('pays for its card alone when they change, and for nothing when their order or case does', async ({
    twin,
    test,
    tenant,
    key,
  }) => {
    const article = await createArticle(test, tenant, { body, tags: ['cats', 'Wild'] });
    const { articles } = test.services;
    const edit = async (tags: string[]) => {
      await articles.edit(tenant.actor, article.articleId, { tags }, { kind: 'any' });
      const before = twin.callsOf(key).length;
      const kind = await embedOnce(test, article);
      const inputs = twin
        .callsOf(key)
        .slice(before)
        .flatMap((call) => call.inputs);
      return { kind, inputs };
    };
    expect(await embedOnce(test, article)).toBe('embedded');
    const { kind, inputs } = await edit(['cats', 'savanna']);
    expect(kind).toBe('embedded');
    expect(inputs).toEqual([expect.stringMatching(/^A title\ncats, savanna\n\n# Storage\n/)]);
    expect(await edit(['Savanna', 'CATS'])).toEqual({ kind: 'unchanged', inputs: [] });
  });

  it('keeps of each chunk the passage that is shown, and its headings', async ({ test, tenant }) => {
    const article = await createArticle(test, tenant, { body, tags: ['cats'] });
    expect(await embedOnce(test, article)).toBe('embedded');
    const rows = await test.db.rawAsOwner(
      'select text, heading from chunk_vectors where article_id = $1 order by heading, text',
      [article.articleId],
    );
    expect(rows.map(({ heading }) => heading)).toContain('Storage > Backups');
    expect(rows.filter(({ heading }) => heading === '')).toHaveLength(1);
    for (const { text } of rows) expect(text).not.toContain('A title');
  });
});
