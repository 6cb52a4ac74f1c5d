import { isolateTenant, openToScope, openToScopeForReading } from '../row-level-security.ts';

export const create = `
  -- Workflows to signal, written in the transaction of the change that needs them. A row is deleted once its version is sent.
  create table outbox (
    tenant_id uuid not null references tenants (id),
    kind text not null check (kind in ('article', 'backlog', 'classification', 'ingestion', 'review')),
    subject_id uuid not null,
    version bigint not null default 1,
    leased_until timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, kind, subject_id)
  );
  create index outbox_oldest_first on outbox (created_at);
  ${isolateTenant('outbox')}
  ${openToScope('outbox', 'reconcile')}
  ${openToScopeForReading('outbox', 'metrics')}
`;

export const drop = 'drop table outbox;';
