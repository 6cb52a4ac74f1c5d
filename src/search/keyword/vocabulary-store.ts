import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';
import { quoteWord } from './web-query.ts';

/** Which of these words no published article of the tenant has. */
export async function listUnknownWords(
  tx: Transaction,
  tenantId: string,
  words: readonly string[],
): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select ${words.map((_, i) => `bool_or(search @@ cast(:word${i} as tsquery)) as word${i}`).join(', ')}
       from articles
      where tenant_id = :tenantId and status = 'published'`,
    { tenantId, ...Object.fromEntries(words.map((word, i) => [`word${i}`, quoteWord(word)])) },
  );
  const [known] = z.tuple([z.record(z.string(), z.boolean().nullable())]).parse(rows);
  return words.filter((_, i) => known[`word${i}`] !== true);
}

/** A word of the tenant's own articles that is spelt somewhat like another. */
export interface SimilarWord {
  readonly word: string;
  readonly known: string;
  /** In how many of the articles that were looked at. */
  readonly articles: number;
}

/**
 * For each of these words, the words of the tenant's newest published articles that share the most trigrams with it.
 *
 * What lost: a table of every tenant's words, which each write of an article would have to keep; an index for `%`, which
 * row-level security leaves unused.
 */
export async function readSimilarWords(
  tx: Transaction,
  tenantId: string,
  words: readonly string[],
  bounds: {
    readonly newest: number;
    readonly leastSimilarity: number;
    readonly lengthDifference: number;
    readonly each: number;
  },
): Promise<SimilarWord[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with known as materialized (
       select word, ndoc
         from ts_stat(format(
           'select search from articles where tenant_id = %L and status = ''published'' order by created_at desc limit %s',
           cast(:tenantId as uuid), cast(:newest as int)))
     )
     select wanted.word, near.word as known, near.ndoc as articles
       from unnest(cast(:words as text[])) as wanted (word)
      cross join lateral (
        select known.word, known.ndoc
          from known
         where length(known.word) between length(wanted.word) - :difference and length(wanted.word) + :difference
           -- No slip takes the first letter away but for swapping it with the second. Far cheaper than to compare trigrams.
           and left(known.word, 1) in (left(wanted.word, 1), substr(wanted.word, 2, 1))
           and similarity(known.word, wanted.word) >= :leastSimilarity
         order by similarity(known.word, wanted.word) desc, known.word
         limit :each
      ) near`,
    {
      tenantId,
      words: [...words],
      newest: bounds.newest,
      leastSimilarity: bounds.leastSimilarity,
      difference: bounds.lengthDifference,
      each: bounds.each,
    },
  );
  return z.array(z.object({ word: z.string(), known: z.string(), articles: z.number() })).parse(rows);
}
