import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { analyzeText } from '../../../src/domain/words/analyze-text.ts';
import { parseQuery, type WordsQuery } from '../../../src/domain/words/parse-query.ts';
import { factsOfDatabase } from '../../support/fixtures.ts';
import { matches } from '../../support/match-words.ts';
import { oddText } from '../../support/odd-texts.ts';

const it = factsOfDatabase();

/** All texts of tsqueries of a query. */
function queriesOf({ terms, exclusions }: WordsQuery): string[] {
  const all = [...terms, ...exclusions.flatMap(({ term, asOption }) => [term, asOption])];
  return all.flatMap(({ query, exact, asPrefix }) => [query, exact, asPrefix].filter((one) => one !== null));
}

const analyzed = (body: string) =>
  analyzeText({ title: body.slice(0, 20), tags: [body.slice(5, 15)], category: '', body, language: 'en' });

describe('the words of any text', () => {
  it('are a tsvector, and those of any query tsqueries that match as the tests say', async ({ db }) => {
    const tried = fc.sample(fc.tuple(oddText, oddText), 400);
    const pairs = tried.flatMap(([body, other]) => {
      const words = analyzed(`${body} ${other.slice(0, 10)}`);
      return queriesOf(parseQuery(other, ['en', 'de'])).map((query) => ({ words, query }));
    });
    const asked = JSON.stringify(pairs.map(({ words, query }) => [words.vector, query]));
    const rows = await db.rawAsOwner(
      `select (pair ->> 0)::tsvector @@ (pair ->> 1)::tsquery as found
       from jsonb_array_elements($1::jsonb) with ordinality as asked (pair, at) order by at`,
      [asked],
    );
    const said = pairs.map(({ words, query }) => ({
      query,
      vector: words.vector,
      found: matches(query, words),
    }));
    expect(rows).toHaveLength(pairs.length);
    expect(said.filter(({ found }, index) => found !== rows[index]?.found)).toEqual([]);
    expect(said.filter(({ found }) => found).length).toBeGreaterThan(100);
  });

  it('are a tsvector when a letter or a sign of it comes again and again', async ({ db }) => {
    const units = ['a', 'é', '漢', 'ﷺ', '한', '𐀀', 'aB', 'a.', '_a', 'ก', "a'", '\u0301', '-', 'x1'];
    const vectors = units.map((unit) => analyzed(unit.repeat(20_000)).vector);
    const rows = await db.rawAsOwner(
      'select length(vector::tsvector) as lexemes from unnest($1::text[]) as vector',
      [vectors],
    );
    expect(rows).toHaveLength(units.length);
  });

  it('are a tsvector when they are more than it can hold', async ({ db }) => {
    const body = Array.from(
      { length: 80_000 },
      (_, index) => `w${(index * 7919).toString(36)}漢${index}`,
    ).join(' ');
    const [row] = await db.rawAsOwner('select length($1::tsvector) as lexemes', [
      analyzed(body.slice(0, 500_000)).vector,
    ]);
    expect(row?.lexemes).toBeGreaterThan(10_000);
  });
});
