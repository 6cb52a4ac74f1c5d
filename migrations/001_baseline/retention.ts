import { isolateTenant, openToScopeForReading } from '../row-level-security.ts';

/** The tables with rows that end by themselves. Retention reads in all tenants which have any, and deletes in one at a time. */
const ending = [
  'audit_log',
  'chunk_purchases',
  'chunk_refusals',
  'chunk_vectors',
  'daily_key_usage',
  'embedding_spaces',
  'extraction_answers',
  'idempotency_keys',
  'ingestion_documents',
  'monthly_usage',
  'provider_calls',
  'search_cursors',
  'unused_chunks',
  'usage_daily_sums',
  'usage_ledger',
];

export const create = `
  -- The sums of ledger rows that have ended.
  create table usage_daily_sums (
    tenant_id uuid not null references tenants (id),
    day date not null,
    operation text not null,
    provider text not null,
    model text not null,
    source text not null,
    api_key_id uuid,
    input_tokens bigint not null,
    output_tokens bigint not null,
    calls bigint not null,
    estimated_calls bigint not null,
    -- Calls that a crash has left without an outcome, by the day of their beginning.
    unknown_calls bigint not null,
    unique nulls not distinct (tenant_id, day, operation, provider, model, source, api_key_id)
  );
  ${isolateTenant('usage_daily_sums')}
  create index provider_calls_oldest_first on provider_calls (tenant_id, finished_at) where finished_at is not null;

  ${ending.map((table) => openToScopeForReading(table, 'retention')).join('')}
`;

export const drop = `
  ${ending.map((table) => `drop policy retention_scope on ${table};`).join('\n  ')}
  drop table usage_daily_sums;
`;
