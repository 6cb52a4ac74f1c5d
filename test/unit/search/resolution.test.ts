import { describe, expect, it } from 'vitest';
import { parseQuery } from '../../../src/domain/words/parse-query.ts';
import { type SoughtAs, seek } from '../../../src/search/keyword/resolution.ts';

/** A query of which each term is in 3 of 100 articles, sought as told. */
function known(q: string, ...as: readonly SoughtAs[]): number {
  const query = parseQuery(q, ['en']);
  const terms = as.map((each) => ({ as: each, count: 3 }));
  expect(query.terms).toHaveLength(terms.length);
  return seek(query, {
    ...{ articles: 100, averageLength: 100, languages: ['en'], withCommon: false, terms },
    options: query.exclusions.map(() => ({ isOption: false, count: 0 })),
  }).known;
}

describe('the known part of a query', () => {
  it('is all of it where articles have each word', () => {
    expect(known('pump lubricate', 'typed', 'typed')).toBe(1);
  });

  it('counts the half of a short last word that only longer words begin with', () => {
    expect(known('flu', 'prefix')).toBeCloseTo(0.5);
    expect(known('pump flu', 'typed', 'prefix')).toBeCloseTo(2 / 3);
  });

  it('counts all of a longer beginning', () => {
    expect(known('pump idempo', 'typed', 'prefix')).toBe(1);
  });
});
