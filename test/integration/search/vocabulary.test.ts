import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { createVocabulary } from '../../../src/search/keyword/vocabulary.ts';
import { listKnownWords, listSimilarWords } from '../../../src/search/keyword/vocabulary-read-model.ts';
import { insertArticles } from '../../support/article-rows.ts';
import { factsOfDatabase } from '../../support/fixtures.ts';
import { insertTenant } from '../../support/tenant-row.ts';

const it = factsOfDatabase();

const newest = { newest: 300, maxBytes: 2_000_000 };
const all = { ...newest, atMost: 30_000 };
// Under the locale C, Postgres takes other letters for none.
const letters = fc.constantFrom(...'abcde1'.split(''));
const word = fc.array(letters, { minLength: 1, maxLength: 9 }).map((each) => each.join(''));
const text = fc
  .array(fc.oneof(word, fc.constantFrom('getUserById', 'snake_case', 'v1.2', 'a-b', 'deadlock', 'deadlocks')))
  .map((words) => words.join(' '));

describe('the vocabulary of a large tenant', () => {
  it('has the similar words that the database has, in its order', async ({ db }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { minLength: 1, maxLength: 6 }),
        fc.uniqueArray(fc.oneof(word, fc.constantFrom('deadlcok', 'eadlock')), { minLength: 1 }),
        fc.integer({ min: 1, max: 20 }),
        async (bodies, asked, each) => {
          const tenant = await insertTenant(db);
          await insertArticles(
            db,
            tenant,
            bodies.map((body) => ({ body, language: 'en' })),
          );
          const bounds = { leastSimilarity: 0.2, lengthDifference: 2, each };
          await db.database.readTenant(tenant, async (tx) => {
            const vocabulary = createVocabulary(await listKnownWords(tx, tenant, all));
            const similar = await listSimilarWords(tx, tenant, asked, { ...newest, ...bounds });
            expect(vocabulary.similarTo(asked, bounds)).toEqual(similar);
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  it('has the commonest words where there are too many', async ({ db }) => {
    const tenant = await insertTenant(db);
    await insertArticles(
      db,
      tenant,
      ['owl', 'owl quagga', 'owl quagga zebra'].map((body) => ({ title: 'owl', body, category: 'idea' })),
    );
    const known = await db.database.readTenant(tenant, (tx) =>
      listKnownWords(tx, tenant, { ...newest, atMost: 3 }),
    );
    // The category is a word, too.
    expect(known).toEqual([
      { word: 'idea', articles: 3 },
      { word: 'owl', articles: 3 },
      { word: 'quagga', articles: 2 },
    ]);
  });

  it('compares a bounded number of words, those of about the same length first', () => {
    const others = Array.from({ length: 40_000 }, (_, at) => ({ word: `dead${100_000 + at}`, articles: 2 }));
    const words = [...others, { word: 'deadlock', articles: 1 }];
    const bounds = { leastSimilarity: 0.2, lengthDifference: 2, each: 40_000 };
    const similar = createVocabulary(words).similarTo(['deadlcok'], bounds);
    expect(similar).toHaveLength(5_000);
    expect(similar.map(({ known }) => known)).toContain('deadlock');
  });

  it('tells its bytes, also of long words', () => {
    const bytesOf = (word: string) => createVocabulary([{ word, articles: 1 }]).bytes;
    expect(bytesOf('a'.repeat(1_000)) - bytesOf('a')).toBeGreaterThanOrEqual(999);
  });

  it('has words of every script', () => {
    const words = ['сервер', 'Straße', 'größe', 'deadlock'].map((word) => ({ word, articles: 1 }));
    const bounds = { leastSimilarity: 0.2, lengthDifference: 2, each: 5 };
    const similar = createVocabulary(words).similarTo(['севрер', 'grösse', 'deadlcok'], bounds);
    expect(similar.map(({ known }) => known)).toEqual(['сервер', 'größe', 'deadlock']);
  });
});
