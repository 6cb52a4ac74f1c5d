import pgvector from 'pgvector/knex';
import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';
import type { ComparisonCost } from './comparison-budget.ts';

/** Reads what `listBestCosines` would cost for these articles and these chunks of a proposal. */
export async function readComparisonCost(
  tx: Transaction,
  tenantId: string,
  compared: {
    readonly spaceId: string;
    readonly articleIds: readonly string[];
    readonly hashes: readonly string[];
  },
): Promise<ComparisonCost> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select s.dimensions,
            coalesce(sum(cardinality(m.chunk_hashes)), 0)::float8 as "articleChunks",
            coalesce(sum(cardinality(m.chunk_hashes)
              * (select count(*) from unnest(:hashes::text[]) as p(hash) where p.hash <> all (m.chunk_hashes))), 0)::float8 as pairs
       from embedding_spaces s
       left join article_manifests m
         on m.tenant_id = s.tenant_id and m.space_id = s.id and m.article_id = any(:articleIds::uuid[])
      where s.tenant_id = :tenantId and s.id = :spaceId
      group by s.dimensions`,
    { ...compared, tenantId, articleIds: [...compared.articleIds], hashes: [...compared.hashes] },
  );
  return z.object({ dimensions: z.number(), articleChunks: z.number(), pairs: z.number() }).parse(rows[0]);
}

/** An article, and how near it comes to each chunk of a proposal. */
export interface ComparedArticle {
  readonly articleId: string;
  readonly title: string;
  /** The cosine of the article's nearest visible chunk, by the hash of the proposal's chunk. */
  readonly cosines: ReadonlyMap<string, number>;
}

/**
 * Compares each of these articles with each of these chunks of a proposal. A chunk that the article contains word for
 * word has exactly 1 and costs no comparison; otherwise a proposal that is a copy would cost the square of its chunks.
 * Alternative that lost: fetching the articles' vectors to compare them here, which moves megabytes of text.
 */
export async function listBestCosines(
  tx: Transaction,
  tenantId: string,
  compared: {
    readonly spaceId: string;
    readonly articleIds: readonly string[];
    /** Chunks with a vector in the space. */
    readonly known: readonly string[];
    /** Chunks whose vectors are in no table yet. */
    readonly bought: ReadonlyMap<string, readonly number[]>;
  },
): Promise<ComparedArticle[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with proposed as materialized (
       select hash, vector::vector as vector from unnest(:hashes::text[], :vectors::text[]) as b(hash, vector)
       union all
       select distinct on (chunk_hash) chunk_hash, embedding from chunk_vectors
        where tenant_id = :tenantId and space_id = :spaceId and chunk_hash = any(:known::text[])
     )
     select a.id, a.title, jsonb_object_agg(p.hash,
            case when p.hash = any(m.chunk_hashes) then 1 else coalesce((
              select max(nullif(1 - (c.embedding <=> p.vector), 'NaN'))
                from chunk_vectors c
               where c.tenant_id = m.tenant_id and c.space_id = m.space_id and c.article_id = m.article_id
                 and c.chunk_hash = any(m.chunk_hashes)), 0) end) as cosines
       from article_manifests m
       join articles a on a.tenant_id = m.tenant_id and a.id = m.article_id and a.content_hash = m.content_hash
      cross join proposed p
      where m.tenant_id = :tenantId and m.space_id = :spaceId and m.article_id = any(:articleIds::uuid[])
      group by a.id, a.title`,
    {
      tenantId,
      spaceId: compared.spaceId,
      articleIds: [...compared.articleIds],
      known: [...compared.known],
      hashes: [...compared.bought.keys()],
      vectors: [...compared.bought.values()].map((vector) => pgvector.toSql([...vector])),
    },
  );
  return z
    .array(z.object({ id: z.string(), title: z.string(), cosines: z.record(z.string(), z.number()) }))
    .parse(rows)
    .map(({ id, title, cosines }) => ({ articleId: id, title, cosines: new Map(Object.entries(cosines)) }));
}
