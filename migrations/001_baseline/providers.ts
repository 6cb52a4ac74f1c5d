import { isolateTenant, openToScopeForReading } from '../row-level-security.ts';

export const create = `
  -- Without a row, or with a row of another key version, the breaker is closed and has no failures. The row of background callers
  -- refuses everybody. That of interactive ones counts answers that came too late for them, and refuses them alone.
  create table breakers (
    tenant_id uuid not null references tenants (id),
    -- Reranking, on the key of the embeddings, has a breaker and limits of its own.
    provider text not null check (provider in ('embedding', 'anthropic', 'rerank')),
    caller text not null default 'background' check (caller in ('interactive', 'background')),
    key_version integer not null,
    -- Every transition raises it. A result that carries an older epoch changes nothing.
    epoch bigint not null default 1,
    -- The last failures inside the window, oldest first.
    failed_at timestamptz[] not null default '{}',
    opened_times integer not null default 0,
    open_until timestamptz,
    probe_until timestamptz,
    last_error_code text,
    last_error_at timestamptz,
    primary key (tenant_id, provider, caller),
    check (probe_until is null or open_until is not null)
  );
  ${isolateTenant('breakers')}
  ${openToScopeForReading('breakers', 'metrics')}

  -- How a target is used, as far as the tenant's calls have found it out. A target is named as in embedding_spaces.
  create table embedding_profiles (
    tenant_id uuid not null references tenants (id),
    target_id text not null,
    profile jsonb not null,
    -- The model that the provider's answers name, and since when it is another one than before.
    answered_model text,
    model_drifted_at timestamptz,
    -- Null before the first call that worked.
    found_at timestamptz,
    primary key (tenant_id, target_id)
  );
  ${isolateTenant('embedding_profiles')}

  -- What the provider of a key has told of its limits. Without a row, or with a row of another key version, nothing is known.
  create table provider_limits (
    tenant_id uuid not null references tenants (id),
    -- Reranking, on the key of the embeddings, has a breaker and limits of its own.
    provider text not null check (provider in ('embedding', 'anthropic', 'rerank')),
    key_version integer not null,
    -- The most that can be left, what is left less the calls under way, since when this window is known, and when it ends.
    requests_limit bigint,
    requests_left bigint,
    requests_since timestamptz,
    requests_reset_at timestamptz,
    tokens_limit bigint,
    tokens_left bigint,
    tokens_since timestamptz,
    tokens_reset_at timestamptz,
    -- A pause stays until a call succeeds. After its end one call may try at a time.
    paused_until timestamptz,
    paused_by text check (paused_by in ('provider', 'quota')),
    pauses integer not null default 0,
    probe_until timestamptz,
    -- Every pause and every end of one raises it. A call that began before changes no pause.
    epoch bigint not null default 0,
    -- Every change raises it. A change that names an older one is decided again.
    revision bigint not null default 1,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, provider),
    check ((paused_until is null) = (paused_by is null) and (paused_until is null) = (pauses = 0))
  );
  ${isolateTenant('provider_limits')}
  ${openToScopeForReading('provider_limits', 'metrics')}
  -- Reconciliation looks for articles that a quota has blocked and whose key is not paused any more.
  ${openToScopeForReading('provider_limits', 'reconcile')}
`;

export const drop = `
  drop table provider_limits;
  drop table embedding_profiles;
  drop table breakers;
`;
