import { isolateTenant, openToScope, openToScopeForReading } from '../row-level-security.ts';

export const create = `
  -- Call records, written before a call and finished after it: a crash leaves an open record and loses none.
  create table provider_calls (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    provider text not null check (provider in ('embedding', 'anthropic')),
    operation text not null,
    source text not null check (source in ('workflow', 'search', 'gate', 'verify', 'merge')),
    model text not null,
    key_version integer not null,
    subject_id uuid,
    inputs integer not null check (inputs > 0),
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    outcome text,
    input_tokens bigint not null default 0 check (input_tokens >= 0),
    output_tokens bigint not null default 0 check (output_tokens >= 0),
    -- Whether the tokens are the reservation, because the provider told none that can be believed.
    estimated boolean not null default false,
    -- The tokens that the call reserves while it is under way, those of its answer included, and the month of the budget.
    month date,
    reserved_tokens bigint not null default 0 check (reserved_tokens >= 0),
    reserved_output_tokens bigint not null default 0 check (reserved_output_tokens between 0 and reserved_tokens),
    -- The API key that is charged beside the tenant, and the day of its budget; null for calls of no key.
    api_key_id uuid,
    day date,
    -- Whether the call costs something and its ledger row is not written yet.
    ledger_due boolean not null default false,
    primary key (tenant_id, id),
    check ((api_key_id is null) = (day is null)),
    check ((finished_at is null) = (outcome is null))
  );
  create index provider_calls_of_subject on provider_calls (tenant_id, subject_id) where subject_id is not null;
  create index provider_calls_open on provider_calls (started_at) where finished_at is null;
  -- Calls that the ledger lacks are found whatever their age, however large the table is.
  create index provider_calls_ledger_due on provider_calls (tenant_id, finished_at) where ledger_due;
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
    api_key_id uuid,
    input_tokens bigint not null,
    output_tokens bigint not null,
    estimated boolean not null default false,
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
    -- Set by the first call that the budget refused, cleared when the budget changes.
    exhausted_at timestamptz,
    primary key (tenant_id, month)
  );
  ${isolateTenant('monthly_usage')}
  ${openToScope('monthly_usage', 'reconcile')}

  -- The tokens of an API key on a day (UTC), as in monthly_usage. Its row is locked before that of the month.
  create table daily_key_usage (
    tenant_id uuid not null,
    api_key_id uuid not null,
    day date not null,
    settled_tokens bigint not null default 0 check (settled_tokens >= 0),
    reserved_tokens bigint not null default 0 check (reserved_tokens >= 0),
    -- Set by the first call that the key's budget refused.
    exhausted_at timestamptz,
    primary key (tenant_id, api_key_id, day),
    foreign key (tenant_id, api_key_id) references api_keys (tenant_id, id)
  );
  ${isolateTenant('daily_key_usage')}
  ${openToScope('daily_key_usage', 'reconcile')}

  -- The greatest share of the bound on its tokens that a call of the model has cost the tenant.
  create table token_ratios (
    tenant_id uuid not null references tenants (id),
    model text not null,
    worst_ratio double precision not null check (worst_ratio > 0 and worst_ratio <= 1),
    primary key (tenant_id, model)
  );
  ${isolateTenant('token_ratios')}

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
  drop table token_ratios;
  drop table daily_key_usage;
  drop table monthly_usage;
  drop table usage_ledger;
  drop table provider_calls;
`;
