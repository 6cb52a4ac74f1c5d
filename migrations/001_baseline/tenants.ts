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

  -- Every process remembers who holds a key for some seconds. A change is announced with its commit, by the id of the key alone;
  -- the time of use, which changes each minute, is not a part of it.
  create function announce_api_key_change() returns trigger language plpgsql as $$
  begin
    perform pg_notify('api_key_changed', old.id::text);
    return null;
  end $$;
  create trigger api_key_change_is_announced after update on api_keys for each row
    when ((new.tenant_id, new.id, new.label, new.role, new.key_hash, new.expires_at, new.revoked_at, new.daily_token_budget)
      is distinct from
      (old.tenant_id, old.id, old.label, old.role, old.key_hash, old.expires_at, old.revoked_at, old.daily_token_budget))
    execute function announce_api_key_change();
  create trigger api_key_end_is_announced after delete on api_keys for each row
    execute function announce_api_key_change();
`;

export const drop = 'drop table api_keys; drop table tenants; drop function announce_api_key_change();';
