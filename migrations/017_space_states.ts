import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table embedding_spaces add column state text not null default 'retired' check (state in ('serving', 'building', 'retired'));
    alter table embedding_spaces drop column serving;
    create unique index embedding_spaces_one_serving on embedding_spaces (tenant_id) where state = 'serving';
    create unique index embedding_spaces_one_building on embedding_spaces (tenant_id) where state = 'building';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(
    `alter table embedding_spaces add column serving boolean not null default false; alter table embedding_spaces drop column state;`,
  );
}
