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
  bounds: {
    readonly newest: number;
    /** The most bytes of their search vectors together; with more of them, fewer articles are read. */
    readonly maxBytes: number;
    readonly leastSimilarity: number;
    readonly lengthDifference: number;
    readonly each: number;
  },
): Promise<SimilarWord[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with known as materialized (
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
           cast(:tenantId as uuid), cast(:newest as int), cast(:maxBytes as int)))
     )
     select wanted.word, near.word as known, near.ndoc as articles
       from unnest(cast(:words as text[])) as wanted (word)
      cross join lateral (
        select known.word, known.ndoc
          from known
         where length(known.word) between length(wanted.word) - :difference and length(wanted.word) + :difference
           -- The first letter is right or swapped with the second. This test is far cheaper than comparing trigrams.
           and left(known.word, 1) in (left(wanted.word, 1), substr(wanted.word, 2, 1))
           and similarity(known.word, wanted.word) >= :leastSimilarity
         order by similarity(known.word, wanted.word) desc, known.word
         limit :each
      ) near`,
    {
      tenantId,
      words: [...words],
      newest: bounds.newest,
      maxBytes: bounds.maxBytes,
      leastSimilarity: bounds.leastSimilarity,
      difference: bounds.lengthDifference,
      each: bounds.each,
    },
  );
  return z.array(z.object({ word: z.string(), known: z.string(), articles: z.number() })).parse(rows);
}
