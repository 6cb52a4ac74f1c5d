import { isolateTenant } from '../row-level-security.ts';

export const create = `
  create table tenants (
    id uuid primary key,
    slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name text not null check (length(name) between 1 and 200),
    created_at timestamptz not null default now()
  );
  ${isolateTenant('tenants', 'id')}

  create table api_keys (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    label text not null check (length(label) between 1 and 200),
    role text not null check (role in ('agent', 'orchestrator', 'user')),
    key_hash bytea not null unique check (length(key_hash) = 32),
    key_hint text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    -- The most tokens that calls of this key may cost on a day (UTC); null for no limit of its own.
    daily_token_budget bigint check (daily_token_budget > 0),
    primary key (tenant_id, id)
  );
  ${isolateTenant('api_keys')}

  -- A login does not know its tenant yet. It sees only the row whose hash it presents.
  create policy login_by_hash on api_keys for select
    using (key_hash = decode(nullif(current_setting('app.api_key_hash', true), ''), 'hex'));
`;

export const drop = 'drop table api_keys; drop table tenants;';
