import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The last failed call of a tenant's key, for the view of its providers.
    create index provider_calls_last_failure on provider_calls (tenant_id, provider, key_version, finished_at desc)
      where outcome not in ('ok', 'unknown');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index provider_calls_last_failure;');
}
