import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- What the proposal gate said when the article was made; null for those that are older than it.
    alter table articles add column gate_verdict text
      check (gate_verdict in ('low_novelty', 'novel', 'unknown', 'skipped'));
    -- For a proposal whose text is there already, word for word.
    create index articles_by_text on articles (tenant_id, content_hash);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index articles_by_text;
    alter table articles drop column gate_verdict;
  `);
}
