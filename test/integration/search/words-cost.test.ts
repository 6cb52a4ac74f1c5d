import { describe, expect, vi } from 'vitest';
import { z } from 'zod';
import { createKeywordSearch } from '../../../src/search/keyword/keyword.ts';
import { listSimilarWords } from '../../../src/search/keyword/vocabulary-read-model.ts';
import { listWordPassages } from '../../../src/search/passages/word-passages.ts';
import { type ArticleRow, insertArticles } from '../../support/article-rows.ts';
import { factsOfDatabase } from '../../support/fixtures.ts';
import { insertTenant } from '../../support/tenant-row.ts';
import type { TestDatabase } from '../../support/test-database.ts';

const common = Array.from({ length: 24 }, (_, index) => `wort${String.fromCharCode(97 + index)}`);

// Tenants whose articles all have the same 24 words; a statement that takes minutes ends by its time-out and fails the fact.
const it = factsOfDatabase()
  .extend(
    'search',
    ({ db }) =>
      (tenant: string, q: string) =>
        rank(db, tenant, q),
  )
  .extend('many', { scope: 'file' }, ({ db }) =>
    tenantOf(
      db,
      Array.from({ length: 4_000 }, (_, index) => ({
        title: `T${index}`,
        body: `${common.join(' ')} ${index % 100 === 0 ? 'seldom' : 'x'}`,
      })),
    ),
  );

describe('the ranking by words', () => {
  it('reads few articles for a rare word beside common ones', async ({ db, many }) => {
    const blocks = (q: string) => blocksRead(db, many, q);
    const all = await blocks(common.slice(0, 3).join(' '));
    const alone = await blocks('seldom');
    const beside = await blocks(`seldom ${common.slice(0, 3).join(' ')}`);
    expect(beside - alone).toBeLessThan(all / 2);
  });

  it('by 24 words that all articles have reads them no more often than that by one', async ({
    db,
    search,
    many,
  }) => {
    const one = await blocksRead(db, many, common[0] ?? '');
    expect((await search(many, common.join(' '))).ranked).toHaveLength(20);
    // Beside the articles each word has a list of its own.
    expect(await blocksRead(db, many, common.join(' '))).toBeLessThan(4 * one);
  });

  it('by words that an article repeats takes time like that by words that it has once', async ({
    db,
    search,
  }) => {
    const filling = 'the lease ends before the holder knows it '.repeat(1_400);
    const rows = (text: string) => Array.from({ length: 20 }, () => ({ body: text }));
    const once = await tenantOf(db, rows(`${common.join(' ')} ${filling}`));
    const often = await tenantOf(db, rows(`${common.join(' ')} `.repeat(400)));
    const floor = await timeOf(() => search(once, common.join(' ')));
    expect((await search(often, common.join(' '))).ranked).toHaveLength(20);
    expect(await timeOf(() => search(often, common.join(' ')))).toBeLessThan(10 * floor);
  });

  it.for<readonly [string, string]>([
    ['one letter', 'a'.repeat(500)],
    ['letters apart', 'a '.repeat(250)],
    ['quotes', '"'.repeat(500)],
    ['quoted letters', '"a" '.repeat(125)],
    ['exclusions', '-abc '.repeat(100)],
    ['options', '-a '.repeat(166)],
    ['alternatives', 'ab or '.repeat(83)],
    ['beginnings', 'ab* '.repeat(125)],
    ['combining marks', 'e\u0301\u0316'.repeat(166)],
    ['a name of many parts', 'a.b-c_d/'.repeat(62)],
    ['operators', "'&|!<->()".repeat(55)],
    ['characters without blanks', '日本語テスト'.repeat(83)],
  ])('is answered for a query of %s', async ([_, q], { search, many }) => {
    expect((await search(many, q.slice(0, 500))).ranked.length).toBeLessThanOrEqual(20);
  });
});

describe('the passages of 100 hits', () => {
  const sentence = 'The lease ends before the holder knows it, and the next one begins its work. ';
  const filled = (pattern: string, characters = 100_000) =>
    pattern.repeat(Math.ceil(characters / pattern.length));
  const q = 'zebra lease holder begin* "next one"';

  // The most characters of a body's pieces, headings and tables that are read, with bodies of 100,000 and more.
  it.for<readonly [string, string, number]>([
    ['prose', filled(sentence), 5_000],
    ['prose with the word at its end', `${filled(sentence)} zebra`, 10_000],
    ['one word again and again', filled('zebra ', 400_000), 5_000],
    ['words as long as a page', filled(`${'x'.repeat(3_000)} zebra `, 400_000), 60_000],
    ['one word and then a long one', `${'a zebra '.repeat(20_000)}${'y'.repeat(200_000)} zebra`, 60_000],
    ['long words where the positions begin again', turns(), 60_000],
    ['headings', filled('# A zebra\n\n## The lease\n\n'), 40_000],
    ['rows', `| zebra | lease |\n| --- | --- |\n${filled('| a zebra | the holder |\n')}`, 40_000],
    ['beginnings', Array.from({ length: 10_000 }, (_, i) => `begin${i}`).join(' '), 40_000],
    ['letters without blanks', filled('日本語のテスト'), 5_000],
    ['a name of many parts', filled('zebra_lease.holder/'), 60_000],
    ['combining marks', `zebra ${filled('\u0301')} zebra`, 60_000],
  ])('are read in two statements more, a piece of each body: %s', async ([_, body, most], { db }) => {
    const tenant = await tenantOf(db, [{ body }]);
    const { marks } = await rank(db, tenant, q);
    const read = await db.database.withTenant(tenant, async (tx) => {
      const [{ id }] = z.tuple([z.object({ id: z.string() })]).parse(await tx('articles').select('id'));
      const asked = vi.spyOn(tx, 'raw');
      const passages = await listWordPassages(tx, tenant, [id], marks ?? { terms: [] });
      expect(passages.get(id)?.text.length).toBeLessThan(2_000);
      return { statements: asked.mock.calls.length, pieces: asked.mock.calls.flatMap(lengthsOf) };
    });
    expect(read.statements).toBeLessThanOrEqual(3);
    expect(read.pieces.reduce((sum, length) => sum + length, 0)).toBeLessThan(most);
  });

  it('are read in three statements at most, whatever their number', async ({ db }) => {
    const tenant = await tenantOf(
      db,
      Array.from({ length: 100 }, (_, i) => ({
        body: `# H${i}\n\n${filled(sentence, 20_000)}\n\n## End\n\nA zebra.`,
      })),
    );
    const { marks, ranked } = await rank(db, tenant, q, 100);
    const statements = await db.database.withTenant(tenant, async (tx) => {
      const asked = vi.spyOn(tx, 'raw');
      const ids = ranked.map(({ id }) => id);
      expect(await listWordPassages(tx, tenant, ids, marks ?? { terms: [] })).toHaveProperty('size', 100);
      return asked.mock.calls.length;
    });
    expect(statements).toBeLessThanOrEqual(3);
  });

  /** Eight turns of positions; where each begins, words are long. */
  function turns(): string {
    return Array.from(
      { length: 8 },
      () => `zebra ${`${'x'.repeat(150)} `.repeat(180)}${'a '.repeat(16_200)}`,
    ).join('');
  }

  /** The lengths of the pieces of bodies that a statement reads. */
  function lengthsOf([_, values]: readonly unknown[]): readonly number[] {
    return z.object({ lengths: z.array(z.number()) }).safeParse(values).data?.lengths ?? [];
  }
});

describe('the words from which right spellings are taken', () => {
  it('are those of the newest articles, as many as their bytes allow', async ({ db }) => {
    const tenant = await tenantOf(db, [{ body: 'deadlock' }]);
    const distinct = Array.from({ length: 20_000 }, (_, i) => `zz${i.toString(36)}`).join(' ');
    await insertArticles(db, tenant, [{ body: distinct }]);
    await insertArticles(db, tenant, [{ body: 'deadlocks' }]);
    const similar = async (maxBytes: number) => {
      const found = await db.database.withTenant(tenant, (tx) =>
        listSimilarWords(tx, tenant, ['deadlok'], {
          ...{ newest: 3, maxBytes, leastSimilarity: 0.2, lengthDifference: 2, each: 5 },
        }),
      );
      return found.map(({ known }) => known).toSorted();
    };
    expect(await similar(10_000_000)).toEqual(['deadlock', 'deadlocks']);
    expect(await similar(10_000)).toEqual(['deadlocks']);
    expect(await similar(1)).toEqual([]);
  });
});

/** A tenant with these articles. */
async function tenantOf(db: TestDatabase, rows: readonly ArticleRow[]): Promise<string> {
  const tenant = await insertTenant(db);
  await insertArticles(db, tenant, rows);
  return tenant;
}

/** A search that has counted nothing before. */
function rank(db: TestDatabase, tenant: string, q: string, limit = 20) {
  const keyword = createKeywordSearch();
  return db.database.withTenant(tenant, (tx) => keyword.rank(tx, tenant, { q, filter: {}, limit }));
}

/** The blocks that Postgres reads for the ranking of a search, from memory or not. */
async function blocksRead({ database }: TestDatabase, tenant: string, q: string): Promise<number> {
  const keyword = createKeywordSearch();
  return database.withTenant(tenant, async (tx) => {
    const asked = vi.spyOn(tx, 'prepared');
    await keyword.rank(tx, tenant, { q, filter: {}, limit: 20 });
    const call = asked.mock.calls.find(([sql]) => /rank_(few_)?by_words/.test(sql));
    asked.mockRestore();
    const [sql, values = []] = call ?? [];
    const answer = await tx.prepared(`explain (analyze, buffers, timing off, format json) ${sql}`, values);
    const plan = z.object({ 'Shared Hit Blocks': z.number(), 'Shared Read Blocks': z.number() });
    const rows = z.tuple([z.object({ 'QUERY PLAN': z.tuple([z.object({ Plan: plan })]) })]).parse(answer);
    const { Plan: read } = rows[0]['QUERY PLAN'][0];
    return read['Shared Hit Blocks'] + read['Shared Read Blocks'];
  });
}

/** Milliseconds of the fastest of three runs. */
async function timeOf(run: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i += 1) {
    const start = performance.now();
    await run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
