import { isolateTenant, openToScopeForReading } from '../row-level-security.ts';

/**
 * The dimensions with an approximate index (HNSW) from the start: a partial index on the chunks' vectors for each common
 * dimension. `npm run migrate` creates the indexes of other dimensions that are in use. An empty partial index costs an insert
 * only the check of its condition.
 *
 * A migration never changes, so the expressions are copies of those in src/vectors/vector-index.ts.
 */
const asVector = [256, 384, 512, 768, 1024, 1536];
/** HNSW supports up to 2,000 dimensions of a `vector` and up to 4,000 of a `halfvec`. */
const asHalves = [2048, 3072];

export const create = `
  create extension if not exists vector;

  -- Vectors can be compared only within a space: one target, dimension and chunker version. A target is the address, the model,
  -- the dimensions that were asked for, and how the side of a text is named; target_id is its fingerprint.
  create table embedding_spaces (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    target_id text not null,
    vendor text not null,
    base_url text not null,
    model text not null,
    requested_dimensions integer,
    input_style jsonb not null,
    dimensions integer not null check (dimensions between 1 and 16000),
    chunker_version integer not null,
    -- serving: answers the tenant's searches. building: is filled to replace the serving space. retired: neither. The vectors
    -- of a retired space stay for a while, so that a return to its model buys nothing again.
    state text not null check (state in ('serving', 'building', 'retired')),
    created_at timestamptz not null default now(),
    -- Since when the space is retired, or was last given an article.
    retired_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, target_id, dimensions, chunker_version)
  );
  create unique index embedding_spaces_one_serving on embedding_spaces (tenant_id) where state = 'serving';
  create unique index embedding_spaces_one_building on embedding_spaces (tenant_id) where state = 'building';
  ${isolateTenant('embedding_spaces')}
  -- The migration command reads the dimensions in use, to create their indexes.
  ${openToScopeForReading('embedding_spaces', 'indexing')}

  -- Bought vectors. The vector of a chunk that is no longer in the text stays for a while, so that a revert buys nothing again.
  create table chunk_vectors (
    tenant_id uuid not null,
    article_id uuid not null,
    space_id uuid not null,
    chunk_hash text not null,
    text text not null,
    -- The headings above it, from the highest.
    heading text not null default '',
    -- Stored in the row as long as it fits into the page (a little over 2,000 dimensions): out of line, each comparison would
    -- read another table. The text is moved out of line instead, since only the passage of a search hit reads it.
    embedding vector storage main not null,
    -- The condition of the partial indexes.
    dimensions integer not null generated always as (vector_dims(embedding)) stored,
    created_at timestamptz not null default now(),
    primary key (tenant_id, space_id, article_id, chunk_hash),
    foreign key (tenant_id, article_id) references articles (tenant_id, id) on delete cascade,
    foreign key (tenant_id, space_id) references embedding_spaces (tenant_id, id)
  )
  -- The planner knows the size of a tenant from the statistics only. By default they are renewed when a tenth of the table
  -- has changed, which in a large table can be all rows of a large tenant.
  with (autovacuum_analyze_scale_factor = 0.02);
  create index chunk_vectors_by_hash on chunk_vectors (tenant_id, space_id, chunk_hash);
  ${asVector.map((dimensions) => index(dimensions, `cast(embedding as vector(${dimensions}))`, 'vector')).join('\n')}
  ${asHalves.map((dimensions) => index(dimensions, `cast(l2_normalize(embedding) as halfvec(${dimensions}))`, 'halfvec')).join('\n')}
  ${isolateTenant('chunk_vectors')}

  -- The chunks that make up the article's text with this hash, and whose vectors are in this space.
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

  -- Vectors that the manifest of their article does not name. A table of its own, since an update of a vector's row would
  -- make a new entry in the index of nearest neighbours.
  create table unused_chunks (
    tenant_id uuid not null,
    space_id uuid not null,
    article_id uuid not null,
    chunk_hash text not null,
    since timestamptz not null default now(),
    primary key (tenant_id, space_id, article_id, chunk_hash),
    foreign key (tenant_id, space_id, article_id, chunk_hash)
      references chunk_vectors (tenant_id, space_id, article_id, chunk_hash) on delete cascade
  );
  create index unused_chunks_oldest_first on unused_chunks (tenant_id, since);
  ${isolateTenant('unused_chunks')}

  -- Chunks that no article has a vector of yet. With a call: it is buying the chunk, and nobody else of the tenant may. With an
  -- embedding: the chunk was bought for a proposal, and the article that it becomes takes the vector over. Chunks are named by
  -- the target and not by the space, which does not exist before the target's first vectors.
  create table chunk_purchases (
    tenant_id uuid not null references tenants (id),
    target_id text not null,
    chunker_version integer not null,
    chunk_hash text not null,
    call_id uuid,
    -- The article that the call is for. Its calls come one after the other, so that the next one takes over what a dead one has left.
    subject_id uuid,
    embedding vector,
    -- After it the chunk may be bought again: the buyer has died, or no article has come.
    expires_at timestamptz not null,
    primary key (tenant_id, target_id, chunker_version, chunk_hash),
    check ((call_id is null) <> (embedding is null))
  );
  create index chunk_purchases_by_call on chunk_purchases (tenant_id, call_id) where call_id is not null;
  create index chunk_purchases_expired on chunk_purchases (tenant_id, expires_at);
  ${isolateTenant('chunk_purchases')}

  -- Chunks that a provider has refused, alone or in a batch. A refused batch is halved, until one text is refused alone.
  create table chunk_refusals (
    tenant_id uuid not null references tenants (id),
    target_id text not null,
    chunker_version integer not null,
    chunk_hash text not null,
    -- The most chunks of a further batch with this one. 0: it was refused alone, and is not sent again.
    largest_batch integer not null check (largest_batch >= 0),
    cause text not null check (cause in ('too_many_inputs', 'too_many_tokens', 'input', 'server_error')),
    -- The refused batch that the chunk was in last, whether no part of it has been refused since, and the largest part that has
    -- passed, in chunks or (cause too_many_tokens) in likely tokens. If all of a batch passes in parts, its size was at fault.
    group_id uuid not null,
    whole boolean not null,
    passed_batch integer not null check (passed_batch >= 0),
    -- How often in a row the provider has failed on a batch with the chunk, and since when; of a chunk that is sent alone, when last.
    failures integer not null check (failures >= 0),
    failing_since timestamptz,
    expires_at timestamptz not null,
    primary key (tenant_id, target_id, chunker_version, chunk_hash)
  );
  create index chunk_refusals_of_group on chunk_refusals (tenant_id, group_id);
  create index chunk_refusals_of_chunk on chunk_refusals (tenant_id, chunk_hash);
  create index chunk_refusals_expired on chunk_refusals (tenant_id, expires_at);
  ${isolateTenant('chunk_refusals')}

  -- Where the chunks of an article's long text lie, so that it is cut once and not for each batch of chunks. The cuts of the next
  -- text take the place of these.
  create table article_cuts (
    tenant_id uuid not null,
    article_id uuid not null,
    content_hash text not null,
    chunker_version integer not null,
    -- One entry for each chunk, in their order.
    starts integer[] not null,
    ends integer[] not null,
    hashes text[] not null,
    tokens integer[] not null,
    -- What stands in front of it: the headings above it, and the head of its table, both 0 where there is none.
    paths text[] not null,
    head_starts integer[] not null,
    head_ends integer[] not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, article_id),
    foreign key (tenant_id, article_id) references articles (tenant_id, id) on delete cascade
  );
  ${isolateTenant('article_cuts')}
`;

export const drop = `
  drop table article_cuts;
  drop table chunk_refusals;
  drop table chunk_purchases;
  drop table unused_chunks;
  drop table article_manifests;
  drop table chunk_vectors;
  drop table embedding_spaces;
  drop extension vector;
`;

function index(dimensions: number, expression: string, type: 'vector' | 'halfvec'): string {
  return `create index chunk_vectors_nearest_${dimensions} on chunk_vectors
    using hnsw ((${expression}) ${type}_cosine_ops) with (ef_construction = 128) where dimensions = ${dimensions};`;
}
