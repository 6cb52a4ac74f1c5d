import { isolateTenant, openToScopeForReading } from '../row-level-security.ts';

/**
 * Approximate indexes (HNSW) on the chunks' vectors, a partial one for each usual dimension; `npm run migrate` makes those
 * of the others that are in use. An empty index costs an insert nothing but a look at its condition.
 *
 * Frozen in time: the expressions are those of src/vectors/vector-index.ts.
 */
const asVector = [256, 384, 512, 768, 1024, 1536];
/** HNSW takes 2,000 dimensions of a `vector`, 4,000 of a `halfvec`. */
const asHalves = [2048, 3072];

export const create = `
  create extension if not exists vector;

  -- Vectors compare only within a space: model, dimension, chunker.
  create table embedding_spaces (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    model text not null,
    dimensions integer not null check (dimensions between 1 and 16000),
    chunker_version integer not null,
    -- serving: answers the tenant's searches. building: is filled to take the serving one's place. retired: neither; its
    -- vectors stay, so that a return to its model pays for nothing.
    state text not null check (state in ('serving', 'building', 'retired')),
    created_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, model, dimensions, chunker_version)
  );
  create unique index embedding_spaces_one_serving on embedding_spaces (tenant_id) where state = 'serving';
  create unique index embedding_spaces_one_building on embedding_spaces (tenant_id) where state = 'building';
  ${isolateTenant('embedding_spaces')}
  -- Which dimensions are in use, for making the other indexes.
  ${openToScopeForReading('embedding_spaces', 'indexing')}

  -- Bought vectors. A chunk that left the text keeps its vector: a revert pays for nothing.
  create table chunk_vectors (
    tenant_id uuid not null,
    article_id uuid not null,
    space_id uuid not null,
    chunk_hash text not null,
    text text not null,
    -- Beside the rest of the row, as long as it fits into the page (2,000 dimensions and a bit): out of line, each
    -- comparison looks the vector up in another table. The text moves out instead; nothing but a hit's passage reads it.
    embedding vector storage main not null,
    -- What the partial indexes ask for.
    dimensions integer not null generated always as (vector_dims(embedding)) stored,
    created_at timestamptz not null default now(),
    primary key (tenant_id, space_id, article_id, chunk_hash),
    foreign key (tenant_id, article_id) references articles (tenant_id, id) on delete cascade,
    foreign key (tenant_id, space_id) references embedding_spaces (tenant_id, id)
  )
  -- The planner knows a tenant that has grown only by the statistics. By default they are taken anew when a tenth of the
  -- table has changed, which in a large one can be the whole of a large tenant.
  with (autovacuum_analyze_scale_factor = 0.02);
  create index chunk_vectors_by_hash on chunk_vectors (tenant_id, space_id, chunk_hash);
  ${asVector.map((dimensions) => index(dimensions, `cast(embedding as vector(${dimensions}))`, 'vector')).join('\n')}
  ${asHalves.map((dimensions) => index(dimensions, `cast(l2_normalize(embedding) as halfvec(${dimensions}))`, 'halfvec')).join('\n')}
  ${isolateTenant('chunk_vectors')}

  -- Which vectors make up the article's text of this hash, in this space.
  create table article_manifests (
    tenant_id uuid not null,
    article_id uuid not null,
    space_id uuid not null,
    content_hash text not null,
    chunk_hashes text[] not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, space_id, article_id),
    foreign key (tenant_id, article_id) references articles (tenant_id, id) on delete cascade,
    foreign key (tenant_id, space_id) references embedding_spaces (tenant_id, id)
  );
  ${isolateTenant('article_manifests')}
`;

export const drop = `
  drop table article_manifests;
  drop table chunk_vectors;
  drop table embedding_spaces;
  drop extension vector;
`;

function index(dimensions: number, expression: string, type: 'vector' | 'halfvec'): string {
  return `create index chunk_vectors_nearest_${dimensions} on chunk_vectors
    using hnsw ((${expression}) ${type}_cosine_ops) with (ef_construction = 128) where dimensions = ${dimensions};`;
}
