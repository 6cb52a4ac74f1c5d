import { describe, expect } from 'vitest';
import { z } from 'zod';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import { withOwnerConnection } from '../../../src/platform/postgres/owner-connection.ts';
import { makeMissingIndexes } from '../../../src/vectors/missing-indexes.ts';
import { type NearestQuery, nearestArticles } from '../../../src/vectors/nearest.ts';
import { factsOfDatabase } from '../../support/fixtures.ts';
import type { TestDatabase } from '../../support/test-database.ts';
import { cosine, createClusteredVectors, repeated } from './clustered-vectors.ts';
import { addChunks, type FilledSpace, fillSpace } from './filled-space.ts';

/** The dimensions side by side; each of these tenants is large for its index. */
const others = [768, 1024, 1536, 3072];
/** In use, and above what an index can take; in use, and unusual. */
const tooMany = 4160;
const unusual = 640;
const vectorOf = createClusteredVectors(1);

const it = factsOfDatabase()
  .extend('filled', { scope: 'file' }, ({ db }) => fillIndexed(db))
  .extend('unindexed', { scope: 'file' }, async ({ db }) => ({
    odd: await fillSpace(db, { dimensions: unusual, articles: 1_100, chunksEach: 2, vectorOf }),
    beyond: await fillSpace(db, { dimensions: tooMany, articles: 30, chunksEach: 1, vectorOf }),
  }));
// The filling takes longer than one fact may.
it.beforeAll(({ filled }) => void filled, 180_000);

describe('the nearest articles', () => {
  it('are found by the index for a large tenant, with 98 % of the ten nearest at least', async ({
    db,
    filled,
  }) => {
    const { plans, found } = await search(db, filled.large, vectorOf());
    expect(indexesIn(plans)).toEqual(['chunk_vectors_nearest_384']);
    expect(found).toHaveLength(10);
    expect(await recallOf(db, filled.large, 30)).toBeGreaterThanOrEqual(0.98);
  });

  it('are found by the index alone where more are asked for than its first candidates', async ({
    db,
    filled,
  }) => {
    const { plans, ids } = await search(db, filled.large, vectorOf(), { limit: 100 });
    expect(ids).toHaveLength(100);
    expect(plans.map((plan) => indexesIn([plan]).length)).toEqual([0, 1]);
  });

  it('are compared exactly for a small tenant in the same table', async ({ db, filled }) => {
    const { plans } = await search(db, filled.small, vectorOf());
    expect(indexesIn(plans)).toEqual([]);
    // Each of its chunks is looked up by its name, whatever the planner takes the tenant for.
    expect(plans.at(-1)).toMatch(/Index Cond: .*chunk_hash = ANY/);
    expect(await recallOf(db, filled.small, 10)).toBe(1);
  });

  it('come best first, each once, with the cosine and the name of the best chunk', async ({ db, filled }) => {
    for (const space of [filled.large, filled.small]) {
      const vector = vectorOf();
      const { found, ids } = await search(db, space, vector);
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

  it.for([384, ...others])(
    'of %i dimensions are found by the index of their own',
    async (dimensions, { db, filled }) => {
      const space = filled.ofDimension.get(dimensions) ?? filled.large;
      const { plans } = await search(db, space, vectorOf());
      expect(indexesIn(plans)).toEqual([`chunk_vectors_nearest_${dimensions}`]);
      expect(await recallOf(db, space, 10)).toBeGreaterThanOrEqual(0.98);
    },
  );

  it.for([
    ['a rare category', { category: 'quote' }, (at: number) => at % 1_000 === 7],
    ['a rare tag', { tags: ['rare'] }, (at: number) => at % 500 === 3],
    ['any of two tags', { tags: ['rare', 'nowhere'], tagsMatch: 'any' }, (at: number) => at % 500 === 3],
    ['all of two tags', { tags: ['rare', 'odd'], tagsMatch: 'all' }, (at: number) => at % 500 === 3],
    ['tags that no article has together', { tags: ['rare', 'even'] }, () => false],
  ] as const)('are all found behind %s', async ([_, filter, passes], { db, filled }) => {
    const vector = vectorOf();
    const passing = filled.large.articles.filter((_, at) => passes(at));
    const { ids } = await search(db, filled.large, vector, { filter });
    expect(ids).toEqual(filled.large.nearest(vector, 10, passing));
  });

  it('are found by the index behind a filter that passes enough', async ({ db, filled }) => {
    const vector = vectorOf();
    const { ids, plans } = await search(db, filled.large, vector, { filter: { category: 'decision' } });
    expect(plans).toHaveLength(2);
    const passing = filled.large.articles.filter((_, at) => at % 4 === 0);
    expect(ids).toHaveLength(10);
    expect(common(ids, filled.large.nearest(vector, 10, passing))).toBeGreaterThanOrEqual(9);
  });

  it('are looked for once more, deeper, where the first look gives a part of them', async ({
    db,
    filled,
  }) => {
    const vector = vectorOf();
    const { ids, plans } = await search(db, filled.large, vector, {
      filter: { category: 'decision' },
      limit: 30,
    });
    expect(plans.map((plan) => indexesIn([plan]).length)).toEqual([0, 1, 1]);
    const passing = filled.large.articles.filter((_, at) => at % 4 === 0);
    expect(ids).toHaveLength(30);
    expect(common(ids, filled.large.nearest(vector, 30, passing))).toBeGreaterThanOrEqual(27);
  });

  it('are all of them where more are asked for than there are', async ({ db, filled }) => {
    const { ids } = await search(db, filled.large, vectorOf(), { limit: 5_000 });
    expect(new Set(ids)).toEqual(new Set(filled.large.articles.map(({ id }) => id)));
  });

  it.for([3, 300])(
    'are not crowded out by the vectors of %i texts that are gone',
    async (texts, { db, filled }) => {
      const vector = vectorOf();
      const edited = filled.large.nearest(vector, filled.large.articles.length).at(-1) ?? '';
      // Each of those texts was nearer to the query than anything that is there now.
      const past = Array.from({ length: texts }, (_, at) => ({
        hash: `past ${at}`,
        vector: vector.map((each, dimension) => each + (dimension === at % 64 ? 0.01 : 0)),
      }));
      await addChunks(db, filled.large, [{ id: edited, chunks: past }]);
      const { ids } = await search(db, filled.large, vector);
      expect(ids).not.toContain(edited);
      expect(common(ids, filled.large.nearest(vector, 10))).toBeGreaterThanOrEqual(9);
      await db.rawAsOwner(`delete from chunk_vectors where chunk_hash like 'past %'`);
    },
  );

  it('are only those that are published and whose text is still that of the vectors', async ({
    db,
    filled,
  }) => {
    const vector = vectorOf();
    const [draft = '', edited = '', ...rest] = filled.large.nearest(vector, 12);
    await db.rawAsOwner(`update articles set status = 'draft' where id = $1`, [draft]);
    await db.rawAsOwner(`update articles set content_hash = 'another text' where id = $1`, [edited]);
    const { ids } = await search(db, filled.large, vector);
    expect(ids).not.toContain(draft);
    expect(ids).not.toContain(edited);
    expect(common(ids, rest)).toBeGreaterThanOrEqual(9);
    await db.rawAsOwner(
      `update articles set status = 'published', content_hash = 'the text' where id = any($1)`,
      [[draft, edited]],
    );
  });

  it('are never another tenant’s, however near', async ({ db, filled }) => {
    const vector = filled.large.articles[5]?.chunks[0]?.vector ?? [];
    const its = new Set(filled.small.articles.map(({ id }) => id));
    for (const asked of [{}, { spaceId: filled.large.spaceId }]) {
      const { ids } = await search(db, filled.small, vector, asked);
      expect(ids.filter((id) => !its.has(id))).toEqual([]);
    }
  });

  it('never include a vector without direction, and a query without direction has none', async ({
    db,
    filled,
  }) => {
    await db.rawAsOwner(
      `update chunk_vectors set embedding = embedding - embedding where article_id = any($1)`,
      [[filled.large, filled.small].map(({ articles }) => articles[0]?.id)],
    );
    for (const space of [filled.large, filled.small]) {
      const { ids } = await search(db, space, vectorOf(), { limit: 5_000 });
      expect(ids).toHaveLength(space.articles.length - 1);
      expect((await search(db, space, new Array<number>(64).fill(0))).found).toEqual([]);
    }
  });

  it('leave the transaction’s other statements to sort as they like', async ({ db, filled }) => {
    const sorts = await db.database.withTenant(filled.large.tenantId, async (tx) => {
      await nearestArticles(tx, filled.large.tenantId, {
        ...{ spaceId: filled.large.spaceId, limit: 10, vector: repeated(vectorOf(), 384) },
      });
      return (await tx.raw('show enable_sort')).rows;
    });
    expect(sorts).toEqual([{ enable_sort: 'on' }]);
  });
});

describe('migrating', () => {
  it.beforeAll(({ unindexed }) => void unindexed);

  it('makes the index that an unusual dimension lacks, without which its search is exact', async ({
    db,
    unindexed,
  }) => {
    const before = await search(db, unindexed.odd, vectorOf());
    expect(indexesIn(before.plans)).toEqual([]);
    expect(await recallOf(db, unindexed.odd, 5)).toBe(1);

    expect(await migrate(db)).toEqual({ made: [unusual], repaired: [], tooMany: [tooMany] });
    const after = await search(db, unindexed.odd, vectorOf());
    expect(indexesIn(after.plans)).toEqual([`chunk_vectors_nearest_${unusual}`]);
    expect(await recallOf(db, unindexed.odd, 5)).toBeGreaterThanOrEqual(0.98);
  });

  it('makes none where there are too many dimensions for one, and the search is exact', async ({
    db,
    unindexed,
  }) => {
    expect(await isValid(db, tooMany)).toBeUndefined();
    expect(await recallOf(db, unindexed.beyond, 5)).toBe(1);
  });

  it('makes an index anew that a build has left invalid, and does nothing the second time', async ({
    db,
    unindexed,
  }) => {
    await db.rawAsOwner(`update pg_index set indisvalid = false where indexrelid = $1::regclass`, [
      `chunk_vectors_nearest_${unusual}`,
    ]);
    expect(await recallOf(db, unindexed.odd, 2)).toBe(1);
    expect(await migrate(db)).toEqual({ made: [], repaired: [unusual], tooMany: [tooMany] });
    expect(await isValid(db, unusual)).toBe(true);
    expect(await migrate(db)).toEqual({ made: [], repaired: [], tooMany: [tooMany] });
  });

  it('leaves the indexes to another migration that is making them', async ({ db }) => {
    await withOwnerConnection({ ownerUrl: db.ownerUrl, scope: 'indexing' }, async (owner) => {
      await makeMissingIndexes(owner);
      expect(await migrate(db)).toBe('busy');
    });
  });

  it('sees which dimensions are in use as an owner that is bound by the policies', async ({ db, filled }) => {
    const rows = await db.database.withTenant(filled.large.tenantId, (tx) =>
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

/** A large tenant for each of the dimensions that have an index, and a small one. */
async function fillIndexed(db: TestDatabase) {
  // The migration's own indexes, made after the filling: row by row it takes ten times as long.
  const indexes = await db.rawAsOwner(
    `select indexname as name, indexdef as definition from pg_indexes where indexdef ilike '%using hnsw%'`,
  );
  for (const { name } of indexes) await db.rawAsOwner(`drop index ${name}`);
  const large = await fillSpace(db, {
    ...{ dimensions: 384, articles: 4_000, chunksEach: 2, vectorOf },
    categoryOf: (at) => (at % 1_000 === 7 ? 'quote' : at % 4 === 0 ? 'decision' : 'finding'),
    tagsOf: (at) => [at % 2 === 0 ? 'even' : 'odd', ...(at % 500 === 3 ? ['rare'] : [])],
  });
  const small = await fillSpace(db, { dimensions: 384, articles: 300, chunksEach: 2, vectorOf });
  const ofDimension = new Map([[384, large]]);
  for (const dimensions of others) {
    ofDimension.set(
      dimensions,
      await fillSpace(db, { dimensions, articles: 1_100, chunksEach: 2, vectorOf }),
    );
  }
  for (const { definition } of indexes) await db.rawAsOwner(String(definition));
  await db.rawAsOwner('analyze');
  return { large, small, ofDimension };
}

type Asked = Partial<Omit<NearestQuery, 'vector'>>;

/** What the tenant finds, and the plans of the statements that found it, in the transaction in which they ran. */
async function search(db: TestDatabase, space: FilledSpace, vector: readonly number[], asked: Asked = {}) {
  return db.database.withTenant(space.tenantId, async (tx) => {
    const ran: Parameters<Transaction['prepared']>[] = [];
    const prepared: Transaction['prepared'] = (...statement) => {
      ran.push(statement);
      return tx.prepared(...statement);
    };
    const recording = new Proxy(tx, {
      get: (target, property) => (property === 'prepared' ? prepared : Reflect.get(target, property)),
    });
    const query = { spaceId: space.spaceId, limit: 10, ...asked, vector: repeated(vector, space.dimensions) };
    const found = await nearestArticles(recording, space.tenantId, query);
    const plans: string[] = [];
    for (const [text, values] of ran) {
      // A setting is made anew, as it was when the statement after it ran.
      if (text.includes('set_config')) await tx.prepared(text, values);
      else plans.push(await explain(tx, text, values));
    }
    return { ids: found.map(({ articleId }) => articleId), found, plans };
  });
}

async function explain(
  tx: Transaction,
  ...[text, values]: Parameters<Transaction['prepared']>
): Promise<string> {
  return z
    .array(z.object({ 'QUERY PLAN': z.string() }))
    .parse(await tx.prepared(`explain ${text}`, values))
    .map((row) => row['QUERY PLAN'])
    .join('\n');
}

/** The approximate indexes that plans scan. */
const indexesIn = (plans: readonly string[]) =>
  [...plans.join('\n').matchAll(/Index Scan using (chunk_vectors_nearest_\d+)/g)].map(([, name]) => name);

const common = (a: readonly string[], b: readonly string[]) => a.filter((id) => b.includes(id)).length;

async function recallOf(db: TestDatabase, space: FilledSpace, queries: number, asked: Asked = {}) {
  let hits = 0;
  for (let i = 0; i < queries; i += 1) {
    const vector = vectorOf();
    const { ids } = await search(db, space, vector, asked);
    hits += common(space.nearest(vector, 10), ids);
  }
  return hits / (10 * queries);
}

const migrate = (db: TestDatabase) =>
  withOwnerConnection({ ownerUrl: db.ownerUrl, scope: 'indexing' }, makeMissingIndexes);

/** Whether the index of a dimension is valid; undefined where there is none. */
const isValid = async (db: TestDatabase, dimensions: number) => {
  const [row] = await db.rawAsOwner(`select indisvalid from pg_index where indexrelid = to_regclass($1)`, [
    `chunk_vectors_nearest_${dimensions}`,
  ]);
  return row?.indisvalid;
};
