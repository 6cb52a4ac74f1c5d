import type { Knex } from 'knex';
import * as articles from './001_baseline/articles.ts';
import * as audit from './001_baseline/audit.ts';
import * as embedding from './001_baseline/embedding.ts';
import * as extraction from './001_baseline/extraction.ts';
import * as idempotency from './001_baseline/idempotency.ts';
import * as ingestion from './001_baseline/ingestion.ts';
import * as llmConfig from './001_baseline/llm-config.ts';
import * as outbox from './001_baseline/outbox.ts';
import * as providers from './001_baseline/providers.ts';
import * as retention from './001_baseline/retention.ts';
import * as reviews from './001_baseline/reviews.ts';
import * as search from './001_baseline/search.ts';
import * as shortRankings from './001_baseline/short-rankings.ts';
import * as spelling from './001_baseline/spelling.ts';
import * as tenants from './001_baseline/tenants.ts';
import * as usage from './001_baseline/usage.ts';
import * as vectors from './001_baseline/vectors.ts';
import * as wordSearch from './001_baseline/word-search.ts';
import * as words from './001_baseline/words.ts';

/** The schema of 0.2 by room. A room comes after the rooms of its foreign keys. */
const rooms = [
  tenants,
  idempotency,
  outbox,
  audit,
  usage,
  llmConfig,
  providers,
  spelling,
  articles,
  words,
  wordSearch,
  shortRankings,
  vectors,
  embedding,
  search,
  extraction,
  ingestion,
  reviews,
  retention,
];

/** Creates the tables of every room. */
export async function up(knex: Knex): Promise<void> {
  for (const { create } of rooms) await knex.raw(create);
}

/** Drops the tables of every room. */
export async function down(knex: Knex): Promise<void> {
  for (const { drop } of rooms.toReversed()) await knex.raw(drop);
}
