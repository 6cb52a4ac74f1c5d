import type { Knex } from 'knex';
import { openToScopeForReading } from './row-level-security.ts';

/** What a scrape of the metrics counts over all tenants. */
const counted = ['article_embeddings', 'breakers', 'outbox', 'provider_calls', 'usage_ledger'];

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ${counted.map((table) => openToScopeForReading(table, 'metrics')).join('\n')}

    -- A scrape looks at the last day's calls, whatever the table has grown to.
    create index provider_calls_answered on provider_calls (finished_at) where outcome = 'ok';
    create index provider_calls_unknown on provider_calls (started_at) where outcome = 'unknown';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index provider_calls_unknown;
    drop index provider_calls_answered;
    ${counted.map((table) => `drop policy metrics_scope on ${table};`).join('\n')}
  `);
}
