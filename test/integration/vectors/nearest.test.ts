import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import { withOwnerConnection } from '../../../src/platform/postgres/owner-connection.ts';
import { makeMissingIndexes } from '../../../src/vectors/missing-indexes.ts';
import { type NearestQuery, nearestArticles } from '../../../src/vectors/nearest.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { cosine, createClusteredVectors, repeated } from './clustered-vectors.ts';
import { addChunks, type FilledSpace, fillSpace } from './filled-space.ts';

/** The dimensions side by side; each of these tenants is large for its index. */
const others = [768, 1024, 1536, 3072];
/** In use, and above what an index can take; in use, and unusual. */
const tooMany = 4160;
const unusual = 640;

let db: TestDatabase;
let large: FilledSpace;
let small: FilledSpace;
let ofDimension: Map<number, FilledSpace>;
const vectorOf = createClusteredVectors(1);

beforeAll(async () => {
  db = await createTestDatabase();
  // The migration's own indexes, made after the filling: row by row it takes ten times as long.
  const indexes = await db.rawAsOwner(
    `select indexname as name, indexdef as definition from pg_indexes where indexdef ilike '%using hnsw%'`,
  );
  for (const { name } of indexes) await db.rawAsOwner(`drop index ${name}`);
  large = await fillSpace(db, {
    ...{ dimensions: 384, articles: 4_000, chunksEach: 2, vectorOf },
    categoryOf: (at) => (at % 1_000 === 7 ? 'quote' : at % 4 === 0 ? 'decision' : 'finding'),
    tagsOf: (at) => [at % 2 === 0 ? 'even' : 'odd', ...(at % 500 === 3 ? ['rare'] : [])],
  });
  small = await fillSpace(db, { dimensions: 384, articles: 300, chunksEach: 2, vectorOf });
  ofDimension = new Map([[384, large]]);
  for (const dimensions of others) {
    ofDimension.set(
      dimensions,
      await fillSpace(db, { dimensions, articles: 1_100, chunksEach: 2, vectorOf }),
    );
  }
  for (const { definition } of indexes) await db.rawAsOwner(String(definition));
  await db.rawAsOwner('analyze');
}, 180_000);
afterAll(() => db.drop());

type Asked = Partial<Omit<NearestQuery, 'vector'>>;

/** What the tenant finds, and the plans of the statements that found it, in the transaction in which they ran. */
async function search(space: FilledSpace, vector: readonly number[], asked: Asked = {}) {
  return db.database.withTenant(space.tenantId, async (tx) => {
    const ran: Parameters<Transaction['raw']>[] = [];
    const recording = new Proxy(tx, {
      get: (target, property) =>
        property === 'raw'
          ? (...statement: Parameters<Transaction['raw']>) => {
              ran.push(statement);
              return target.raw(...statement);
            }
          : Reflect.get(target, property),
    });
    const query = { spaceId: space.spaceId, limit: 10, ...asked, vector: repeated(vector, space.dimensions) };
    const found = await nearestArticles(recording, space.tenantId, query);
    const plans: string[] = [];
    for (const [sql, bindings] of ran) {
      // A setting is made anew, as it was when the statement after it ran.
      if (String(sql).includes('set_config')) await tx.raw(sql, bindings);
      else plans.push(await explain(tx, sql, bindings));
    }
    return { ids: found.map(({ articleId }) => articleId), found, plans };
  });
}

async function explain(tx: Transaction, ...[sql, bindings]: Parameters<Transaction['raw']>): Promise<string> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(`explain ${sql}`, bindings);
  return z
    .array(z.object({ 'QUERY PLAN': z.string() }))
    .parse(rows)
    .map((row) => row['QUERY PLAN'])
    .join('\n');
}

/** The approximate indexes that plans scan. */
const indexesIn = (plans: readonly string[]) =>
  [...plans.join('\n').matchAll(/Index Scan using (chunk_vectors_nearest_\d+)/g)].map(([, name]) => name);

const common = (a: readonly string[], b: readonly string[]) => a.filter((id) => b.includes(id)).length;

/** How many of the ten truly nearest are found, of 1, over some queries. */
async function recallOf(space: FilledSpace, queries: number, asked: Asked = {}) {
  let hits = 0;
  for (let i = 0; i < queries; i += 1) {
    const vector = vectorOf();
    const { ids } = await search(space, vector, asked);
    hits += common(space.nearest(vector, 10), ids);
  }
  return hits / (10 * queries);
}

describe('the nearest articles', () => {
  it('are found by the index for a large tenant, with 98 % of the ten nearest at least', async () => {
    const { plans, found } = await search(large, vectorOf());
    expect(indexesIn(plans)).toEqual(['chunk_vectors_nearest_384']);
    expect(found).toHaveLength(10);
    expect(await recallOf(large, 30)).toBeGreaterThanOrEqual(0.98);
  });

  it('are found by the index alone where more are asked for than its first candidates', async () => {
    const { plans, ids } = await search(large, vectorOf(), { limit: 100 });
    expect(ids).toHaveLength(100);
    expect(plans.map((plan) => indexesIn([plan]).length)).toEqual([0, 1]);
  });

  it('are compared exactly for a small tenant in the same table', async () => {
    const { plans } = await search(small, vectorOf());
    expect(indexesIn(plans)).toEqual([]);
    // Each of its chunks is looked up by its name, whatever the planner takes the tenant for.
    expect(plans.at(-1)).toMatch(/Index Cond: .*chunk_hash = ANY/);
    expect(await recallOf(small, 10)).toBe(1);
  });

  it('come best first, each once, with the cosine and the name of the best chunk', async () => {
    for (const space of [large, small]) {
      const vector = vectorOf();
      const { found, ids } = await search(space, vector);
      expect(new Set(ids).size).toBe(10);
      let before = 1;
      for (const { articleId, chunkHash, similarity } of found) {
        const chunks = space.articles.find(({ id }) => id === articleId)?.chunks ?? [];
        const best = chunks.toSorted((a, b) => cosine(b.vector, vector) - cosine(a.vector, vector))[0];
        expect(chunkHash).toBe(best?.hash);
        expect(similarity).toBeCloseTo(cosine(best?.vector ?? [], vector), 4);
        expect(similarity).toBeLessThanOrEqual(before);
        before = similarity;
      }
    }
  });

  it.each([384, ...others])('of %i dimensions are found by the index of their own', async (dimensions) => {
    const space = ofDimension.get(dimensions) ?? large;
    const { plans } = await search(space, vectorOf());
    expect(indexesIn(plans)).toEqual([`chunk_vectors_nearest_${dimensions}`]);
    expect(await recallOf(space, 10)).toBeGreaterThanOrEqual(0.98);
  });

  it.each([
    ['a rare category', { category: 'quote' }, (at: number) => at % 1_000 === 7],
    ['a rare tag', { tags: ['rare'] }, (at: number) => at % 500 === 3],
    ['any of two tags', { tags: ['rare', 'nowhere'], tagsMatch: 'any' }, (at: number) => at % 500 === 3],
    ['all of two tags', { tags: ['rare', 'odd'], tagsMatch: 'all' }, (at: number) => at % 500 === 3],
    ['tags that no article has together', { tags: ['rare', 'even'] }, () => false],
  ] as const)('are all found behind %s', async (_, filter, passes) => {
    const vector = vectorOf();
    const passing = large.articles.filter((_, at) => passes(at));
    const { ids } = await search(large, vector, { filter });
    expect(ids).toEqual(large.nearest(vector, 10, passing));
  });

  it('are found by the index behind a filter that passes enough', async () => {
    const vector = vectorOf();
    const { ids, plans } = await search(large, vector, { filter: { category: 'decision' } });
    expect(plans).toHaveLength(2);
    const passing = large.articles.filter((_, at) => at % 4 === 0);
    expect(ids).toHaveLength(10);
    expect(common(ids, large.nearest(vector, 10, passing))).toBeGreaterThanOrEqual(9);
  });

  it('are looked for once more, deeper, where the first look gives a part of them', async () => {
    const vector = vectorOf();
    const { ids, plans } = await search(large, vector, { filter: { category: 'decision' }, limit: 30 });
    expect(plans.map((plan) => indexesIn([plan]).length)).toEqual([0, 1, 1]);
    const passing = large.articles.filter((_, at) => at % 4 === 0);
    expect(ids).toHaveLength(30);
    expect(common(ids, large.nearest(vector, 30, passing))).toBeGreaterThanOrEqual(27);
  });

  it('are all of them where more are asked for than there are', async () => {
    const { ids } = await search(large, vectorOf(), { limit: 5_000 });
    expect(new Set(ids)).toEqual(new Set(large.articles.map(({ id }) => id)));
  });

  it.each([3, 300])('are not crowded out by the vectors of %i texts that are gone', async (texts) => {
    const vector = vectorOf();
    const edited = large.nearest(vector, large.articles.length).at(-1) ?? '';
    // Each of those texts was nearer to the query than anything that is there now.
    const past = Array.from({ length: texts }, (_, at) => ({
      hash: `past ${at}`,
      vector: vector.map((each, dimension) => each + (dimension === at % 64 ? 0.01 : 0)),
    }));
    await addChunks(db, large, [{ id: edited, chunks: past }]);
    const { ids } = await search(large, vector);
    expect(ids).not.toContain(edited);
    expect(common(ids, large.nearest(vector, 10))).toBeGreaterThanOrEqual(9);
    await db.rawAsOwner(`delete from chunk_vectors where chunk_hash like 'past %'`);
  });

  it('are only those that are published and whose text is still that of the vectors', async () => {
    const vector = vectorOf();
    const [draft = '', edited = '', ...rest] = large.nearest(vector, 12);
    await db.rawAsOwner(`update articles set status = 'draft' where id = $1`, [draft]);
    await db.rawAsOwner(`update articles set content_hash = 'another text' where id = $1`, [edited]);
    const { ids } = await search(large, vector);
    expect(ids).not.toContain(draft);
    expect(ids).not.toContain(edited);
    expect(common(ids, rest)).toBeGreaterThanOrEqual(9);
    await db.rawAsOwner(
      `update articles set status = 'published', content_hash = 'the text' where id = any($1)`,
      [[draft, edited]],
    );
  });

  it('are never another tenant’s, however near', async () => {
    const vector = large.articles[5]?.chunks[0]?.vector ?? [];
    const its = new Set(small.articles.map(({ id }) => id));
    for (const asked of [{}, { spaceId: large.spaceId }]) {
      const { ids } = await search(small, vector, asked);
      expect(ids.filter((id) => !its.has(id))).toEqual([]);
    }
  });

  it('never include a vector without direction, and a query without direction has none', async () => {
    await db.rawAsOwner(
      `update chunk_vectors set embedding = embedding - embedding where article_id = any($1)`,
      [[large, small].map(({ articles }) => articles[0]?.id)],
    );
    for (const space of [large, small]) {
      const { ids } = await search(space, vectorOf(), { limit: 5_000 });
      expect(ids).toHaveLength(space.articles.length - 1);
      expect((await search(space, new Array<number>(64).fill(0))).found).toEqual([]);
    }
  });

  it('leave the transaction’s other statements to sort as they like', async () => {
    const sorts = await db.database.withTenant(large.tenantId, async (tx) => {
      await nearestArticles(tx, large.tenantId, {
        ...{ spaceId: large.spaceId, limit: 10, vector: repeated(vectorOf(), 384) },
      });
      return (await tx.raw('show enable_sort')).rows;
    });
    expect(sorts).toEqual([{ enable_sort: 'on' }]);
  });
});

describe('migrating', () => {
  const migrate = () => withOwnerConnection({ ownerUrl: db.ownerUrl, scope: 'indexing' }, makeMissingIndexes);
  const isValid = async (dimensions: number) => {
    const [row] = await db.rawAsOwner(`select indisvalid from pg_index where indexrelid = to_regclass($1)`, [
      `chunk_vectors_nearest_${dimensions}`,
    ]);
    return row?.indisvalid;
  };
  let odd: FilledSpace;
  let beyond: FilledSpace;
  beforeAll(async () => {
    odd = await fillSpace(db, { dimensions: unusual, articles: 1_100, chunksEach: 2, vectorOf });
    beyond = await fillSpace(db, { dimensions: tooMany, articles: 30, chunksEach: 1, vectorOf });
  });

  it('makes the index that an unusual dimension lacks, without which its search is exact', async () => {
    const before = await search(odd, vectorOf());
    expect(indexesIn(before.plans)).toEqual([]);
    expect(await recallOf(odd, 5)).toBe(1);

    expect(await migrate()).toEqual({ made: [unusual], repaired: [], tooMany: [tooMany] });
    const after = await search(odd, vectorOf());
    expect(indexesIn(after.plans)).toEqual([`chunk_vectors_nearest_${unusual}`]);
    expect(await recallOf(odd, 5)).toBeGreaterThanOrEqual(0.98);
  });

  it('makes none where there are too many dimensions for one, and the search is exact', async () => {
    expect(await isValid(tooMany)).toBeUndefined();
    expect(await recallOf(beyond, 5)).toBe(1);
  });

  it('makes an index anew that a build has left invalid, and does nothing the second time', async () => {
    await db.rawAsOwner(`update pg_index set indisvalid = false where indexrelid = $1::regclass`, [
      `chunk_vectors_nearest_${unusual}`,
    ]);
    expect(await recallOf(odd, 2)).toBe(1);
    expect(await migrate()).toEqual({ made: [], repaired: [unusual], tooMany: [tooMany] });
    expect(await isValid(unusual)).toBe(true);
    expect(await migrate()).toEqual({ made: [], repaired: [], tooMany: [tooMany] });
  });

  it('leaves the indexes to another migration that is making them', async () => {
    await withOwnerConnection({ ownerUrl: db.ownerUrl, scope: 'indexing' }, async (owner) => {
      await makeMissingIndexes(owner);
      expect(await migrate()).toBe('busy');
    });
  });

  it('sees which dimensions are in use as an owner that is bound by the policies', async () => {
    const rows = await db.database.withTenant(large.tenantId, (tx) =>
      tx('embedding_spaces').pluck('dimensions'),
    );
    expect(rows).toEqual([384]);
    const seen = await withOwnerConnection({ ownerUrl: db.applicationUrl, scope: 'indexing' }, (owner) =>
      owner.query('select distinct dimensions from embedding_spaces order by 1'),
    );
    expect(seen).toEqual([384, unusual, ...others, tooMany].map((dimensions) => ({ dimensions })));
    const hidden = await withOwnerConnection({ ownerUrl: db.applicationUrl, scope: 'indexing' }, (owner) =>
      owner.query('select from chunk_vectors'),
    );
    expect(hidden).toEqual([]);
  });
});
