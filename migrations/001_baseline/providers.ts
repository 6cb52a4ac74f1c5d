import { isolateTenant, openToScopeForReading } from '../row-level-security.ts';

export const create = `
  -- Without a row, or with a row of another key version, the breaker is closed and has no failures. The row of background callers
  -- refuses everybody. That of interactive ones counts answers that came too late for them, and refuses them alone.
  create table breakers (
    tenant_id uuid not null references tenants (id),
    provider text not null check (provider in ('embedding', 'anthropic')),
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
`;

export const drop = `
  drop table embedding_profiles;
  drop table breakers;
`;
