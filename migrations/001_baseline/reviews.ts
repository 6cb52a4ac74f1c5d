import { isolateTenant, openToScope, openToScopeForReading } from '../row-level-security.ts';

export const create = `
  -- A finished review, from which knowledge is drafted once.
  create table reviews (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    review_type text not null,
    summary text not null,
    findings jsonb not null,
    api_key_id uuid,
    actor_label text not null,
    actor_role text not null,
    actor_via text,
    status text not null default 'queued' check (status in ('queued', 'running', 'completed', 'partial', 'failed', 'cancelled')),
    code text,
    next_attempt_at timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id)
  );
  create index reviews_newest_first on reviews (tenant_id, created_at desc, id desc);
  ${isolateTenant('reviews')}
  ${openToScope('reviews', 'reconcile')}
  ${openToScopeForReading('reviews', 'metrics')}
`;

export const drop = 'drop table reviews;';
