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
`;

export const drop = 'drop table breakers;';
