import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { articleText } from '../../../src/domain/article-text.ts';
import { type Chunk, chunkArticle, cutText } from '../../../src/domain/chunks.ts';
import type { ArticleRef } from '../../../src/domain/embed-article.ts';
import { createWithChunks } from '../../../src/embedding/with-chunks.ts';
import type { Database } from '../../../src/platform/postgres/database.ts';
import { hangulLines } from '../../bench/neighbours/texts.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

const it = factsOfServices().extend('reader', async ({ test, tenant }) => openReader(test, tenant));

describe('a long text', () => {
  it('is cut once, outside of any transaction, for all that read its chunks', async ({ reader }) => {
    const article = await reader.publish(long('first'));
    const chunks = await reader.read(article);
    expect(chunks).toEqual(chunkArticle({ title: 'A title', body: long('first') }));
    expect(await reader.read(article)).toEqual(chunks);
    expect(await reader.read(article)).toEqual(chunks);
    expect(reader.cut).toEqual([{ text: articleText({ title: 'A title', body: long('first') }), open: 0 }]);
  });

  it('is cut again after an edit, whose cuts take the place of the old ones', async ({ reader }) => {
    const article = await reader.publish(long('first'));
    await reader.read(article);
    await reader.edit(article, long('second'));
    const chunks = await reader.read(article);
    expect(chunks).toEqual(chunkArticle({ title: 'A title', body: long('second') }));
    expect(await reader.read(article)).toEqual(chunks);
    expect(reader.cut).toHaveLength(2);
    expect(await reader.rows(article)).toEqual([{ chunks: chunks.filter(({ isCard }) => !isCard).length }]);
  });

  it('that is edited while it is cut is read as it stands then', async ({ reader }) => {
    const article = await reader.publish(long('first'));
    reader.whileCutting(() => reader.edit(article, long('second')));
    expect(await reader.read(article)).toEqual(chunkArticle({ title: 'A title', body: long('second') }));
    expect(reader.cut).toHaveLength(2);
  });

  it('that is edited whenever it is cut ends with an error, not never', async ({ reader }) => {
    const article = await reader.publish(long('0'));
    let edits = 0;
    const editAgain = async () => {
      edits += 1;
      await reader.edit(article, long(`${edits}`));
      reader.whileCutting(editAgain);
    };
    reader.whileCutting(editAgain);
    await expect(reader.read(article)).rejects.toThrow('edited');
    expect(reader.cut.length).toBeLessThan(6);
  });

  it('is not cut a second time for the workflow when the gate has cut it', async ({
    test,
    tenant,
    reader,
  }) => {
    const article = await createArticle(test, tenant, { body: long('proposed'), force: false });
    expect(await reader.read(article)).toEqual(chunkArticle({ title: 'A title', body: long('proposed') }));
    expect(reader.cut).toEqual([]);
  });

  it('loses its cuts with its article', async ({ test, reader }) => {
    const article = await reader.publish(long('first'));
    await reader.read(article);
    await test.db.rawAsOwner('delete from articles where id = $1', [article.articleId]);
    expect(await reader.rows(article)).toEqual([]);
  });

  it('lets another tenant’s work go on while it is cut, built against the chunker as it is', async ({
    test,
    tenant,
  }) => {
    const other = await test.createTenant();
    const article = await createArticle(test, tenant, { body: hangulLines(17_000, 7) });
    let turns = 0;
    let isOver = false;
    const key = { provider: 'embedding', model: 'm', keyVersion: 1, targetId: 't' } as const;
    const check = test.services.steps.checkContentHash(article, key).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await test.services.articles.list(other.actor.tenantId, { limit: 10 });
      await turn();
      turns += 1;
    }
    expect(await check).toMatchObject({ kind: 'missing' });
    expect(turns).toBeGreaterThan(10);
  });
});

describe('a short text', () => {
  it('is cut where it is read, and nothing is stored', async ({ reader }) => {
    const article = await reader.publish('A few words.');
    expect(await reader.read(article)).toEqual(chunkArticle({ title: 'A title', body: 'A few words.' }));
    expect(reader.cut).toEqual([]);
    expect(await reader.rows(article)).toEqual([]);
  });
});

const long = (word: string) =>
  Array.from({ length: 900 }, (_, i) => `The ${word} text says its sentence ${i} here.`).join('\n\n');

/** Reads articles with their chunks, and keeps what was cut and how many transactions were open meanwhile. */
function openReader(test: TestServices, tenant: TestTenant) {
  const cut: { readonly text: string; readonly open: number }[] = [];
  let meanwhile: () => Promise<unknown> = async () => undefined;
  let open = 0;
  const database: Pick<Database, 'withTenant'> = {
    async withTenant(tenantId, work) {
      open += 1;
      try {
        return await test.services.database.withTenant(tenantId, work);
      } finally {
        open -= 1;
      }
    },
  };
  const withChunks = createWithChunks({
    database,
    cutter: {
      async cut(_tenantId, text) {
        cut.push({ text, open });
        const during = meanwhile;
        meanwhile = async () => undefined;
        await during();
        return cutText(text);
      },
    },
  });
  return {
    cut,
    publish: (body: string) => createArticle(test, tenant, { body }),
    edit: (article: ArticleRef, body: string) =>
      test.services.articles.edit(tenant.actor, article.articleId, { body }, { kind: 'any' }),
    read: (article: ArticleRef): Promise<readonly Chunk[]> =>
      withChunks(article, async (_tx, _text, chunks) => chunks),
    /** Runs once, while the next text is being cut. */
    whileCutting(work: () => Promise<unknown>) {
      meanwhile = work;
    },
    rows: ({ articleId }: ArticleRef) =>
      test.db.rawAsOwner(
        'select cardinality(starts)::int as chunks from article_cuts where article_id = $1',
        [articleId],
      ),
  };
}
