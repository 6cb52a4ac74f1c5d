import type { Knex } from 'knex';
import * as tenants from './001_tenants.ts';
import * as audit from './002_audit.ts';
import * as usage from './003_usage.ts';
import * as llmSettings from './004_llm_settings.ts';
import * as breakers from './005_breakers.ts';
import * as articles from './006_articles.ts';
import * as embedding from './007_embedding.ts';
import * as articleSearch from './008_article_search.ts';
import * as budgets from './009_budgets.ts';
import * as metrics from './010_metrics.ts';
import * as blockedOperations from './011_blocked_operations.ts';
import * as lastFailures from './012_last_failures.ts';
import * as reconciliation from './013_reconciliation.ts';
import * as vectorIndexes from './014_vector_indexes.ts';
import * as keywordSearch from './015_keyword_search.ts';
import * as proposalGate from './016_proposal_gate.ts';
import * as searchCursors from './017_search_cursors.ts';

/** Every migration by hand, in order: a directory scan cannot load `.ts` everywhere, and a list shows the history. */
const migrations: readonly { readonly name: string; readonly migration: Knex.Migration }[] = [
  { name: '001_tenants', migration: tenants },
  { name: '002_audit', migration: audit },
  { name: '003_usage', migration: usage },
  { name: '004_llm_settings', migration: llmSettings },
  { name: '005_breakers', migration: breakers },
  { name: '006_articles', migration: articles },
  { name: '007_embedding', migration: embedding },
  { name: '008_article_search', migration: articleSearch },
  { name: '009_budgets', migration: budgets },
  { name: '010_metrics', migration: metrics },
  { name: '011_blocked_operations', migration: blockedOperations },
  { name: '012_last_failures', migration: lastFailures },
  { name: '013_reconciliation', migration: reconciliation },
  { name: '014_vector_indexes', migration: vectorIndexes },
  { name: '015_keyword_search', migration: keywordSearch },
  { name: '016_proposal_gate', migration: proposalGate },
  { name: '017_search_cursors', migration: searchCursors },
];

/** The list as knex reads it. */
export const migrationSource: Knex.MigrationSource<(typeof migrations)[number]> = {
  getMigrations: async () => [...migrations],
  getMigrationName: ({ name }) => name,
  getMigration: async ({ migration }) => migration,
};
