import type { Knex } from 'knex';
import { openToScope } from './row-level-security.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ${openToScope('usage_ledger', 'reconcile')}
    -- Articles that a budget has parked, for the sweep that takes them up again.
    create index article_embeddings_parked_by_budget on article_embeddings (updated_at)
      where status = 'blocked' and reason = 'budget_exhausted';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index article_embeddings_parked_by_budget;
    drop policy reconcile_scope on usage_ledger;
  `);
}
