import { isolateTenant } from '../row-level-security.ts';

export const create = `
  -- First answers by Idempotency-Key, written in the transaction of the write that they answer.
  -- The superadmin belongs to no tenant and its answers are stored under the nil uuid, so there is no foreign key.
  create table idempotency_keys (
    tenant_id uuid not null,
    key text not null check (length(key) between 1 and 255),
    request_hash text not null,
    status integer not null,
    body jsonb,
    created_at timestamptz not null default now(),
    primary key (tenant_id, key)
  );
  create index idempotency_keys_oldest_first on idempotency_keys (tenant_id, created_at);
  ${isolateTenant('idempotency_keys')}

  -- The superadmin writes rows of a tenant and its own answer in one transaction, which names that tenant. This scope shows
  -- the answers under the nil uuid besides the tenant's rows.
  create policy admin_scope on idempotency_keys
    using (current_setting('app.scope', true) = 'admin' and tenant_id = '00000000-0000-0000-0000-000000000000')
    with check (current_setting('app.scope', true) = 'admin' and tenant_id = '00000000-0000-0000-0000-000000000000');
`;

export const drop = 'drop table idempotency_keys;';
