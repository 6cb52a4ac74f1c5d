import { describe, expect, it } from 'vitest';
import { kinds, loadJudgedQueries, parseJudgedQueries } from '../../quality/judged-queries.ts';

const slugs = ['01-a', '02-b'];
const query = { q: 'where is it', language: 'en', grades: { '01-a': 3 } };

describe('the judged queries', () => {
  it('can be read: each judges samples that exist, no query is there twice, and each has an answer', async () => {
    const queries = await loadJudgedQueries();
    expect(queries.length).toBeGreaterThanOrEqual(150);
    for (const kind of kinds) {
      // About an eighth each.
      expect(queries.filter((each) => each.kind === kind).length / queries.length).toBeGreaterThan(0.1);
    }
  });

  it('are in two languages where they say so, in both directions', async () => {
    const queries = (await loadJudgedQueries()).filter(({ kind }) => kind === 'two-languages');
    const foreign = /^(37|38|39|40)-/;
    const answersOf = ({ grades }: (typeof queries)[number]) =>
      Object.keys(grades).filter((slug) => grades[slug] === 3);
    const english = queries.filter(({ language }) => language === 'en');
    expect(english.length).toBeGreaterThan(0);
    expect(english.flatMap(answersOf).filter((slug) => !foreign.test(slug))).toEqual([]);
    expect(new Set(queries.map(({ language }) => language))).toEqual(new Set(['de', 'en', 'es', 'fr', 'pt']));
  });

  it('are refused with a slug that no sample has', () => {
    expect(() => parse(query, { ...query, q: 'and this', grades: { '03-c': 3 } })).toThrow('03-c');
  });

  it('are refused without an article that is at least good', () => {
    expect(() => parse({ ...query, grades: { '01-a': 1 } })).toThrow('nothing here answers');
  });

  it('are refused with a grade that is none of 1, 2 and 3', () => {
    expect(() => parse({ ...query, grades: { '01-a': 4 } })).toThrow('exact-terms');
  });

  it('are refused when one asks what another does, in whatever case', () => {
    expect(() => parse(query, { ...query, q: 'Where is IT' })).toThrow('judged twice');
  });
});

function parse(...data: unknown[]) {
  return parseJudgedQueries([{ kind: 'exact-terms', data }], slugs);
}
