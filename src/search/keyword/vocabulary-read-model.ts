import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';

/** A word of the tenant's articles that is spelt like a word of the query. */
export interface SimilarWord {
  /** The word of the query. */
  readonly word: string;
  /** The word of the articles. */
  readonly known: string;
  /** The number of articles with it, among those that were read. */
  readonly articles: number;
}

/** A word of the tenant's articles. */
export type KnownWord = Pick<SimilarWord, 'articles'> & { readonly word: string };

/** From how many articles words are taken. */
export interface VocabularyBounds {
  readonly newest: number;
  /** The most bytes of their search vectors together; with more of them, fewer articles are read. */
  readonly maxBytes: number;
}

/** Which words are spelt like another one, and how many of them are looked at. */
export interface SimilarityBounds {
  readonly leastSimilarity: number;
  readonly lengthDifference: number;
  readonly each: number;
}

/** The words of the tenant's newest published articles, for a statement that binds `$1` to `$3`. */
const knownSql = `
  select word, ndoc
    from ts_stat(format(
      'select words
         from (select w.words, sum(pg_column_size(w.words)) over (order by newest.created_at desc, newest.id desc) as bytes
                 from (select created_at, id
                         from articles where tenant_id = %1$L and status = ''published''
                        order by created_at desc, id desc limit %2$s) newest
                cross join lateral (select words from article_words
                                     where tenant_id = %1$L and article_id = newest.id and version = serving_words()
                                    offset 0) w) sized
        where bytes <= %3$s',
      $1::uuid, $2::int, $3::int))`;

/**
 * For each word of the list, the words of the tenant's newest published articles that share the most trigrams with it.
 *
 * What lost: a table of every tenant's words, which each write of an article would have to update; an index for `%`, which
 * row-level security leaves unused.
 */
export async function listSimilarWords(
  tx: Transaction,
  tenantId: string,
  words: readonly string[],
  bounds: VocabularyBounds & SimilarityBounds,
): Promise<SimilarWord[]> {
  const rows = await tx.prepared(
    `with known as materialized (${knownSql})
     select wanted.word, near.word as known, near.ndoc as articles
       from unnest($4::text[]) as wanted (word)
      cross join lateral (
        select known.word, known.ndoc
          from known
         where length(known.word) between length(wanted.word) - $5::int and length(wanted.word) + $5::int
           -- The first letter is right or swapped with the second. This test is far cheaper than comparing trigrams.
           and left(known.word, 1) in (left(wanted.word, 1), substr(wanted.word, 2, 1))
           and similarity(known.word, wanted.word) >= $6::real
         order by similarity(known.word, wanted.word) desc, known.word
         limit $7::int
      ) near`,
    [
      ...[tenantId, bounds.newest, bounds.maxBytes, [...words]],
      ...[bounds.lengthDifference, bounds.leastSimilarity, bounds.each],
    ],
  );
  return similarRows.parse(rows);
}

const similarRows = z.array(z.object({ word: z.string(), known: z.string(), articles: z.number() }));

/** Those words but the derived ones, with which no word of a query begins: the commonest of them, at most `atMost`. */
export async function listKnownWords(
  tx: Transaction,
  tenantId: string,
  bounds: VocabularyBounds & { readonly atMost: number },
): Promise<KnownWord[]> {
  const rows = await tx.prepared(
    `select coalesce(array_agg(word), '{}') as words, coalesce(array_agg(ndoc), '{}') as articles
       from (select word, ndoc from (${knownSql}) known where left(word, 1) <> '~'
              order by ndoc desc, word limit $4::int) commonest`,
    [tenantId, bounds.newest, bounds.maxBytes, bounds.atMost],
  );
  const [{ words, articles }] = knownRow.parse(rows);
  return words.map((word, index) => ({ word, articles: articles[index] ?? 0 }));
}

const knownRow = z.tuple([z.object({ words: z.array(z.string()), articles: z.array(z.number()) })]);
