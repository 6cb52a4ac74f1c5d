import type { Knex } from 'knex';
import { isolateTenant } from './row-level-security.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table articles (
      tenant_id uuid not null references tenants (id),
      id uuid not null,
      title text not null check (length(title) between 1 and 500),
      body text not null check (length(body) <= 500000),
      category text not null,
      tags text[] not null default '{}',
      status text not null check (status in ('draft', 'published', 'archived')),
      source_type text,
      metadata jsonb not null default '{}',
      revision integer not null default 1,
      -- Of the text to embed, written with the text: a vector is visible only where it agrees.
      content_hash text not null,
      created_at timestamptz not null default clock_timestamp(),
      updated_at timestamptz not null default clock_timestamp(),
      -- A tsvector holds 1 MB at most; the head of a very long body is what keyword search reads.
      search tsvector not null generated always as (
        setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', left(body, 200000)), 'B')
      ) stored,
      primary key (tenant_id, id)
    );
    create index articles_newest_first on articles (tenant_id, created_at desc, id desc);
    create index articles_search on articles using gin (search);
    create index articles_tags on articles using gin (tags);
    ${isolateTenant('articles')}

    -- First answers by Idempotency-Key, written in the transaction of the write that they answer.
    -- The superadmin belongs to no tenant and keeps its answers under the nil uuid: hence no foreign key.
    create table idempotency_keys (
      tenant_id uuid not null,
      key text not null check (length(key) between 1 and 255),
      request_hash text not null,
      status integer not null,
      body jsonb,
      created_at timestamptz not null default now(),
      primary key (tenant_id, key)
    );
    create index idempotency_keys_oldest_first on idempotency_keys (tenant_id, created_at);
    ${isolateTenant('idempotency_keys')}
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table idempotency_keys; drop table articles;');
}
