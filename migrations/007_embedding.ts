import type { Knex } from 'knex';
import { isolateTenant, openToScope } from './row-level-security.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create extension if not exists vector;

    -- Vectors compare only within a space: model, dimension, chunker. The serving one answers searches.
    create table embedding_spaces (
      tenant_id uuid not null references tenants (id),
      id uuid not null,
      model text not null,
      dimensions integer not null check (dimensions between 1 and 16000),
      chunker_version integer not null,
      serving boolean not null default false,
      created_at timestamptz not null default now(),
      primary key (tenant_id, id),
      unique (tenant_id, model, dimensions, chunker_version)
    );
    create unique index embedding_spaces_one_serving on embedding_spaces (tenant_id) where serving;
    ${isolateTenant('embedding_spaces')}

    -- What a client sees as an article's embedding.
    create table article_embeddings (
      tenant_id uuid not null,
      article_id uuid not null,
      status text not null check (status in ('not_applicable', 'pending', 'embedded', 'blocked', 'failed')),
      reason text,
      space_id uuid,
      chunks integer,
      content_hash text,
      embedded_at timestamptz,
      next_attempt_at timestamptz,
      updated_at timestamptz not null default clock_timestamp(),
      primary key (tenant_id, article_id),
      foreign key (tenant_id, article_id) references articles (tenant_id, id) on delete cascade,
      foreign key (tenant_id, space_id) references embedding_spaces (tenant_id, id)
    );
    create index article_embeddings_by_status on article_embeddings (tenant_id, status);
    create index article_embeddings_stuck on article_embeddings (updated_at) where status = 'pending';
    ${isolateTenant('article_embeddings')}
    ${openToScope('article_embeddings', 'reconcile')}

    -- Bought vectors. A chunk that left the text keeps its vector: a revert pays for nothing.
    create table chunk_vectors (
      tenant_id uuid not null,
      article_id uuid not null,
      space_id uuid not null,
      chunk_hash text not null,
      text text not null,
      embedding vector not null,
      created_at timestamptz not null default now(),
      primary key (tenant_id, space_id, article_id, chunk_hash),
      foreign key (tenant_id, article_id) references articles (tenant_id, id) on delete cascade,
      foreign key (tenant_id, space_id) references embedding_spaces (tenant_id, id)
    );
    create index chunk_vectors_by_hash on chunk_vectors (tenant_id, space_id, chunk_hash);
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

    -- Workflows to be signalled, written with the change that wants them; a row goes when its version has been sent.
    create table outbox (
      tenant_id uuid not null references tenants (id),
      kind text not null check (kind in ('article', 'backlog')),
      subject_id uuid not null,
      version bigint not null default 1,
      leased_until timestamptz,
      created_at timestamptz not null default clock_timestamp(),
      primary key (tenant_id, kind, subject_id)
    );
    create index outbox_oldest_first on outbox (created_at);
    ${isolateTenant('outbox')}
    ${openToScope('outbox', 'reconcile')}
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table outbox;
    drop table article_manifests;
    drop table chunk_vectors;
    drop table article_embeddings;
    drop table embedding_spaces;
    drop extension vector;
  `);
}
