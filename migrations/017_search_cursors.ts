import type { Knex } from 'knex';
import { isolateTenant } from './row-level-security.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Cursors of searches that are too long for a URL. Rows live for an hour.
    create table search_cursors (
      tenant_id uuid not null,
      id uuid not null,
      cursor jsonb not null,
      created_at timestamptz not null default now(),
      primary key (tenant_id, id)
    );
    create index search_cursors_oldest_first on search_cursors (tenant_id, created_at);
    ${isolateTenant('search_cursors')}
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table search_cursors;');
}
