import { isolateTenant, openToScope, openToScopeForReading } from '../row-level-security.ts';

export const create = `
  -- Call records, written before a call and finished after it: a crash leaves an open record and loses none.
  create table provider_calls (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    provider text not null check (provider in ('embedding', 'anthropic')),
    operation text not null,
    source text not null check (source in ('workflow', 'search', 'gate', 'verify')),
    model text not null,
    key_version integer not null,
    subject_id uuid,
    inputs integer not null check (inputs > 0),
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    outcome text,
    input_tokens bigint not null default 0 check (input_tokens >= 0),
    output_tokens bigint not null default 0 check (output_tokens >= 0),
    -- The tokens that the call reserves while it is under way, and the month of the budget.
    month date,
    reserved_tokens bigint not null default 0 check (reserved_tokens >= 0),
    primary key (tenant_id, id),
    check ((finished_at is null) = (outcome is null))
  );
  create index provider_calls_of_subject on provider_calls (tenant_id, subject_id) where subject_id is not null;
  create index provider_calls_open on provider_calls (started_at) where finished_at is null;
  -- A scrape reads the calls of the last day only, however large the table is.
  create index provider_calls_answered on provider_calls (finished_at) where outcome = 'ok';
  create index provider_calls_unknown on provider_calls (started_at) where outcome = 'unknown';
  -- Finds the last failed call of a tenant's key, for the view of its providers.
  create index provider_calls_last_failure on provider_calls (tenant_id, provider, key_version, finished_at desc)
    where outcome not in ('ok', 'unknown');
  ${isolateTenant('provider_calls')}
  ${openToScope('provider_calls', 'reconcile')}
  ${openToScopeForReading('provider_calls', 'metrics')}

  create table usage_ledger (
    tenant_id uuid not null,
    call_id uuid not null,
    at timestamptz not null,
    operation text not null,
    provider text not null,
    model text not null,
    source text not null,
    input_tokens bigint not null,
    output_tokens bigint not null,
    primary key (tenant_id, call_id),
    foreign key (tenant_id, call_id) references provider_calls (tenant_id, id)
  );
  create index usage_ledger_by_time on usage_ledger (tenant_id, at);
  ${isolateTenant('usage_ledger')}
  ${openToScope('usage_ledger', 'reconcile')}
  ${openToScopeForReading('usage_ledger', 'metrics')}

  -- A tenant's tokens in a month (UTC): those of answered calls, and the most that the calls under way may use.
  create table monthly_usage (
    tenant_id uuid not null references tenants (id),
    month date not null check (extract(day from month) = 1),
    settled_tokens bigint not null default 0 check (settled_tokens >= 0),
    reserved_tokens bigint not null default 0 check (reserved_tokens >= 0),
    -- Set by the first call that the budget refused, cleared by the next call that it allowed.
    exhausted_at timestamptz,
    primary key (tenant_id, month)
  );
  ${isolateTenant('monthly_usage')}
  ${openToScope('monthly_usage', 'reconcile')}

  -- How often an operation was skipped because the tenant has no key for it. Audit rows cannot be changed, so the count grows
  -- here and goes into the next audit row, at least an hour after the last one.
  create table blocked_operations (
    tenant_id uuid not null references tenants (id),
    operation text not null,
    -- The count in the last audit row.
    reported bigint not null check (reported > 0),
    reported_at timestamptz not null default clock_timestamp(),
    -- The count since then.
    unreported bigint not null default 0 check (unreported >= 0),
    primary key (tenant_id, operation)
  );
  ${isolateTenant('blocked_operations')}
`;

export const drop = `
  drop table blocked_operations;
  drop table monthly_usage;
  drop table usage_ledger;
  drop table provider_calls;
`;
