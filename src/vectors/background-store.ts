import pgvector from 'pgvector';
import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';
import { articleLanguageSql } from './article-language-read-model.ts';

/** How similar a vector is to any text of a tenant's. */
export interface Background {
  readonly mean: number;
  /** The standard deviation. */
  readonly spread: number;
  /** The mean by the language of the article; a language without chunks in the sample has none. */
  readonly means: ReadonlyMap<string, number>;
}

/**
 * So many chunks are compared, chosen by their hashes, which are as good as random and always the same. Twice as many moved no
 * hit of the judged queries; half as many make the spread wrong by a tenth.
 */
const sampleSize = 128;

/** The spread counts as known from so many chunks; the fewer there are, the more of the usual one is mixed in. */
const usualSpreadCounts = 10;
/** The usual spread, as a part of the distance between the mean and 1. */
const usualSpreadPart = 1 / 12;

/** The mean of a language counts as known from so many chunks; the fewer there are, the more of the mean of all is mixed in. */
const usualMeanCounts = 5;

/** Reads how similar the vector is to the chunks of a space: to a sample of them, by the index on hashes. */
export async function readBackground(
  tx: Transaction,
  tenantId: string,
  { spaceId, vector }: { readonly spaceId: string; readonly vector: Float32Array | readonly number[] },
): Promise<Background> {
  const rows = await tx.prepared(
    `select grouping(language) = 1 as whole, language, count(*)::int as chunks,
            coalesce(avg(similarity), 0)::float8 as mean, coalesce(var_pop(similarity), 0)::float8 as variance
       from (select language, 1 - (embedding <=> $3::vector) as similarity
               from (select article_id, embedding
                       from chunk_vectors
                      where tenant_id = $1 and space_id = $2
                      order by chunk_hash
                      limit ${sampleSize}) sample,
                    ${articleLanguageSql('article_id')}) compared
      -- A vector of zeros has no direction.
      where similarity <> 'NaN'
      group by grouping sets ((), (language))
      order by whole desc`,
    [tenantId, spaceId, pgvector.toSql([...vector])],
  );
  const [{ chunks, mean, variance }, ...groups] = z.tuple([group], group).parse(rows);
  const usual = ((1 - mean) * usualSpreadPart) ** 2;
  return {
    mean,
    spread: Math.sqrt((chunks * variance + usualSpreadCounts * usual) / (chunks + usualSpreadCounts)),
    means: new Map(
      groups.flatMap(({ language, ...of }) =>
        language === null
          ? []
          : [[language, (of.chunks * of.mean + usualMeanCounts * mean) / (of.chunks + usualMeanCounts)]],
      ),
    ),
  };
}

/** Chunks of a sample: all of them first, then those of each language. */
const group = z.object({
  language: z.string().nullable(),
  chunks: z.number(),
  mean: z.number(),
  variance: z.number(),
});

/** How similar the texts of a space are to each other. */
export interface OwnSimilarity {
  /** Two chunks of one article, by the median; null where no article has two. */
  readonly related: number | null;
  /** The number of pairs that this is the median of. */
  readonly relatedPairs: number;
  /** Two chunks of different articles, by the mean; null where there is one article at most. */
  readonly unrelated: number | null;
}

/** Reads how similar the chunks of a space are to each other, in a sample. */
export async function readOwnSimilarity(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
): Promise<OwnSimilarity> {
  const [, rows] = await Promise.all([
    planEachTime(tx),
    tx.prepared(
      `with sample as materialized (
       select article_id, chunk_hash, embedding, row_number() over (order by chunk_hash) as place
         from chunk_vectors
        where tenant_id = $1 and space_id = $2
        order by chunk_hash
        limit ${sampleSize}
     ), related as (
       select 1 - (a.embedding <=> b.embedding) as similarity
         from sample a,
              lateral (select embedding
                         from chunk_vectors
                        where tenant_id = $1 and space_id = $2 and article_id = a.article_id
                          and chunk_hash > a.chunk_hash
                        order by chunk_hash
                        limit 1) b
     ), unrelated as (
       select 1 - (a.embedding <=> b.embedding) as similarity
         from sample a
         join sample b on b.place in (a.place + 1, a.place + 2, a.place + 3) and b.article_id <> a.article_id
     )
     select (select percentile_cont(0.5) within group (order by similarity)
               from related where similarity <> 'NaN') as related,
            (select count(*)::int from related where similarity <> 'NaN') as "relatedPairs",
            (select avg(similarity) from unrelated where similarity <> 'NaN') as unrelated`,
      [tenantId, spaceId],
    ),
    planAsBefore(tx),
  ]);
  return ownRow.parse(rows)[0];
}

/**
 * Has the next statements planned for this tenant. A plan for all tenants expects few chunks, and then looks for the second chunk of
 * an article among all of the tenant's: 128 times. The settings are sent together with the statement.
 */
async function planEachTime(tx: Transaction): Promise<void> {
  await tx.prepared(
    `select set_config('app.plans', current_setting('plan_cache_mode'), true),
            set_config('plan_cache_mode', 'force_custom_plan', true)`,
    [],
  );
}

async function planAsBefore(tx: Transaction): Promise<void> {
  await tx.prepared(`select set_config('plan_cache_mode', current_setting('app.plans'), true)`, []);
}

const ownRow = z.tuple([
  z.object({ related: z.number().nullable(), relatedPairs: z.number(), unrelated: z.number().nullable() }),
]);
