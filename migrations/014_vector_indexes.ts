import type { Knex } from 'knex';
import { openToScopeForReading } from './row-level-security.ts';

/**
 * Approximate indexes (HNSW) on the chunks' vectors, a partial one for each usual dimension; `npm run migrate` makes those
 * of the others that are in use. An empty index costs an insert nothing but a look at its condition.
 *
 * Frozen in time: the expressions are those of src/vectors/vector-index.ts.
 */
const asVector = [256, 384, 512, 768, 1024, 1536];
/** HNSW takes 2,000 dimensions of a `vector`, 4,000 of a `halfvec`. */
const asHalves = [2048, 3072];

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Beside the rest of the row, as long as it fits into the page (2,000 dimensions and a bit): out of line, each
    -- comparison looks the vector up in another table. The text moves out instead; nothing but a hit's passage reads it.
    alter table chunk_vectors alter column embedding set storage main;
    -- What the partial indexes ask for. It rewrites the table, which brings the stored vectors in.
    alter table chunk_vectors add column dimensions integer not null
      generated always as (vector_dims(embedding)) stored;
    ${asVector.map((dimensions) => index(dimensions, `cast(embedding as vector(${dimensions}))`, 'vector')).join('\n')}
    ${asHalves.map((dimensions) => index(dimensions, `cast(l2_normalize(embedding) as halfvec(${dimensions}))`, 'halfvec')).join('\n')}
    -- The planner knows a tenant that has grown only by the statistics. By default they are taken anew when a tenth of the
    -- table has changed, which in a large one can be the whole of a large tenant.
    alter table chunk_vectors set (autovacuum_analyze_scale_factor = 0.02);
    -- For whoever makes the other indexes: which dimensions are in use.
    ${openToScopeForReading('embedding_spaces', 'indexing')}
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop policy indexing_scope on embedding_spaces;
    alter table chunk_vectors reset (autovacuum_analyze_scale_factor);
    -- And with it every index whose condition names it, those of migrate too.
    alter table chunk_vectors drop column dimensions;
    -- What vectors have by default. Those that are stored stay where they are.
    alter table chunk_vectors alter column embedding set storage external;
  `);
}

function index(dimensions: number, expression: string, type: 'vector' | 'halfvec'): string {
  return `create index chunk_vectors_nearest_${dimensions} on chunk_vectors
    using hnsw ((${expression}) ${type}_cosine_ops) with (ef_construction = 128) where dimensions = ${dimensions};`;
}
