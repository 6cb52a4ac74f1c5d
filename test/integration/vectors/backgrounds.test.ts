import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { createBackgrounds, type SpaceBackground } from '../../../src/vectors/backgrounds.ts';
import { factsOfDatabase } from '../../support/fixtures.ts';
import type { TestDatabase } from '../../support/test-database.ts';
import { baseDimensions, cosine } from './clustered-vectors.ts';
import { addChunks, type FilledSpace, fillSpace } from './filled-space.ts';

const it = factsOfDatabase();
const direction = (x: number, y: number) => [x, y, ...Array.from({ length: baseDimensions - 2 }, () => 0)];
const query = direction(1, 0);
const zeros = direction(0, 0);
/** At this angle from the query, in degrees. */
const at = (degrees: number) =>
  direction(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));

describe('the background of a vector', () => {
  it('is its mean similarity to the chunks, and their deviation with some of the usual one', async ({
    db,
  }) => {
    const angles = Array.from({ length: 100 }, (_, index) => 20 + (index % 50));
    const space = await fill(db, angles, 1);
    const { mean, spread } = await read(db, space);
    const similarities = space.articles.flatMap(({ chunks }) =>
      chunks.map(({ vector }) => cosine(vector, query)),
    );
    const expected = similarities.reduce((sum, each) => sum + each, 0) / similarities.length;
    expect(mean).toBeCloseTo(expected, 4);
    const variance =
      similarities.reduce((sum, each) => sum + (each - expected) ** 2, 0) / similarities.length;
    const usual = ((1 - expected) / 12) ** 2;
    expect(spread).toBeCloseTo(Math.sqrt((100 * variance + 10 * usual) / 110), 4);
  });

  it('has a deviation of a single chunk too', async ({ db }) => {
    const { mean, spread } = await read(db, await fill(db, [60], 1));
    expect(mean).toBeCloseTo(0.5, 4);
    expect(spread).toBeCloseTo(Math.sqrt((10 / 11) * (0.5 / 12) ** 2), 4);
  });

  it('has the mean of each language too, with some of the mean of all', async ({ db }) => {
    const angles = Array.from({ length: 50 }, (_, index) => (index < 10 ? 60 : 90));
    const space = await fill(db, angles, 1);
    const ids = space.articles.map(({ id }) => id);
    await db.rawAsOwner(`update articles set detected_language = 'en' where id = any($1)`, [
      ids.slice(0, 40),
    ]);
    await db.rawAsOwner(`update articles set language = 'de' where id = any($1)`, [ids.slice(0, 10)]);
    const { mean, means } = await read(db, space);
    expect(mean).toBeCloseTo(0.1, 4);
    expect(Object.fromEntries(means)).toEqual({
      de: expect.closeTo((10 * 0.5 + 5 * 0.1) / 15, 4),
      en: expect.closeTo((30 * 0 + 5 * 0.1) / 35, 4),
    });
  });

  it('is of the tenant’s own space alone', async ({ db }) => {
    const space = await fill(db, [60, 60], 1);
    await fill(db, [0, 0, 0], 1);
    expect((await read(db, space)).mean).toBeCloseTo(0.5, 4);
  });

  it('leaves out a vector of zeros, which has no direction', async ({ db }) => {
    const space = await fill(db, [60], 1);
    const [article] = space.articles;
    if (article === undefined) throw new Error('no article');
    await addChunks(db, space, [{ id: article.id, chunks: [{ hash: 'zeros', vector: zeros }] }]);
    expect((await read(db, space)).mean).toBeCloseTo(0.5, 4);
    expect((await read(db, space, zeros)).mean).toBe(0);
  });
});

describe('the similarity of a space’s own texts', () => {
  it('is told for chunks of one article, and for those of different ones', async ({ db }) => {
    const space = await fill(db, [10, 80, 10, 80], 2);
    const { related, unrelated } = await read(db, space);
    expect(related).toBeCloseTo(1, 4);
    expect(unrelated).toBeGreaterThan(0);
    expect(unrelated).toBeLessThan(1);
  });

  it('is not known without two chunks of an article, or without two articles', async ({ db }) => {
    expect((await read(db, await fill(db, [10, 80], 1))).related).toBeNull();
    expect((await read(db, await fill(db, [10], 2))).unrelated).toBeNull();
    const none = await read(db, await fill(db, [], 1));
    expect(none).toMatchObject({ mean: 0, related: null, unrelated: null });
  });

  it('is read again after a while, once it is known, or when the articles have become more', async ({
    db,
  }) => {
    const space = await fill(db, [10, 80, 10, 80], 2);
    const backgrounds = createBackgrounds();
    const readOnce = (articles?: number) => read(db, space, query, backgrounds, articles);
    const first = await readOnce();
    await addChunks(
      db,
      space,
      space.articles.map(({ id }) => ({ id, chunks: [{ hash: randomUUID(), vector: at(0) }] })),
    );
    const second = await readOnce();
    expect(second.unrelated).toBe(first.unrelated);
    expect(second.mean).toBeGreaterThan(first.mean);
    expect((await read(db, space)).unrelated).not.toBe(first.unrelated);
    // Two articles more, of four.
    expect((await readOnce(6)).unrelated).not.toBe(first.unrelated);
  });
});

/** A space of articles at these angles from the query. */
function fill(db: TestDatabase, angles: readonly number[], chunksEach: number): Promise<FilledSpace> {
  let made = 0;
  const vectorOf = () => {
    const angle = angles[Math.floor(made / chunksEach)] ?? 0;
    made += 1;
    return at(angle);
  };
  return fillSpace(db, { dimensions: baseDimensions, articles: angles.length, chunksEach, vectorOf });
}

function read(
  db: TestDatabase,
  { tenantId, spaceId }: FilledSpace,
  vector: readonly number[] = query,
  backgrounds = createBackgrounds(),
  articles = 4,
): Promise<SpaceBackground> {
  return db.database.withTenant(tenantId, (tx) =>
    backgrounds.read(tx, tenantId, { spaceId, vector, articles }),
  );
}
