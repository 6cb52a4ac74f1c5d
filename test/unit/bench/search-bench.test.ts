import { describe, expect, it } from 'vitest';
import { bareSearch, describeBareSearch } from '../../bench/search/bare-sql.ts';
import {
  articleAt,
  type ChunksEach,
  chunksPerArticle,
  divide,
  withLargeTenant,
} from '../../bench/search/corpus.ts';

describe('the floor of a search', () => {
  it('is all that the search sends, and marks the last statement that ranks by words, and the last by vectors', () => {
    const bare = bareSearch(0, [
      statement('select count(*) from articles'),
      statement(`select set_config('hnsw.ef_search', '100', true)`),
      statement('select id, ts_rank(search, q) as score from articles'),
      statement('select id from chunk_vectors order by embedding <=> $1 limit 10'),
      statement('select id from chunk_vectors order by embedding <=> $1 limit 200'),
      statement('select ts_headline(body, q) from articles'),
    ]);
    expect(describeBareSearch(bare).split('\n')).toEqual([
      '  select count(*) from articles',
      `  select set_config('hnsw.ef_search', '100', true)`,
      '* select id, ts_rank(search, q) as score from articles',
      '  select id from chunk_vectors order by embedding <=> $1 limit 10',
      '* select id from chunk_vectors order by embedding <=> $1 limit 200',
      '  select ts_headline(body, q) from articles',
    ]);
  });

  it('has the ranking of few articles, too', () => {
    const bare = bareSearch(0, [statement('select r.id from rank_few_by_words($1) r')]);
    expect(describeBareSearch(bare)).toBe('* select r.id from rank_few_by_words($1) r');
  });

  it('is nothing that could be compared with where nothing ranks', () => {
    expect(() => bareSearch(0, [statement('select count(*) from articles')])).toThrow(
      'no statement that ranks',
    );
  });
});

describe('the corpus of the searches', () => {
  it('has a thousand tenants, the first with three tenths of all chunks, whatever its size', () => {
    for (const chunks of [10_000, 100_000]) {
      const tenants = divide(chunks);
      expect(tenants).toHaveLength(1_000);
      expect((tenants[0]?.articles ?? 0) * chunksPerArticle).toBe(chunks * 0.3);
      const articles = tenants.reduce((sum, tenant) => sum + tenant.articles, 0);
      expect(Math.abs(articles * chunksPerArticle - chunks)).toBeLessThan(chunks * 0.02);
    }
  });

  it('has a large tenant of as many short articles as are asked for, and the others as ever', () => {
    const tenants = divide(10_000);
    const [large, ...others] = withLargeTenant(tenants, 100_000);
    expect(large).toEqual({ index: 0, articles: 100_000, chunksEach: 1 });
    expect(others).toEqual(tenants.slice(1));
  });

  it('has the same articles in every run, and no two alike', () => {
    const at = (index: number, place: number, chunksEach: ChunksEach = 3) =>
      articleAt({ index, chunksEach }, place);
    expect(at(3, 7)).toEqual(at(3, 7));
    const hashes = [at(3, 7), at(3, 8), at(4, 7), at(3, 7, 1)].map(({ contentHash }) => contentHash);
    expect(new Set(hashes).size).toBe(4);
  });
});

function statement(text: string) {
  return { text, values: [] };
}
