import { isolateTenant, openToScope, openToScopeForReading } from '../row-level-security.ts';

export const create = `
  -- A finished review, from which knowledge is drafted once.
  create table reviews (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    review_type text not null,
    summary text not null,
    findings jsonb not null,
    -- Who asked for it last: the author of its drafts, whose daily budget its calls use up.
    api_key_id uuid,
    actor_label text not null,
    actor_role text not null,
    actor_via text,
    status text not null default 'queued' check (status in ('queued', 'running', 'blocked', 'completed', 'partial', 'failed')),
    -- Why it failed or what it waits for.
    code text,
    next_attempt_at timestamptz,
    -- The data key that seals the answers of the model, wrapped by Vault, until the run ends.
    wrapped_key text,
    -- The passages of its text whose drafts are made, from 0.
    drafted_passages integer[] not null default '{}',
    created_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id)
  );
  create index reviews_newest_first on reviews (tenant_id, created_at desc, id desc);
  create index reviews_under_way on reviews (tenant_id, updated_at) where status in ('queued', 'running');
  create index reviews_due on reviews (tenant_id, next_attempt_at) where status = 'blocked' and next_attempt_at is not null;
  create index reviews_not_drafted on reviews (tenant_id, updated_at) where status in ('blocked', 'partial', 'failed');
  ${isolateTenant('reviews')}
  ${openToScope('reviews', 'reconcile')}
  ${openToScopeForReading('reviews', 'metrics')}
`;

export const drop = 'drop table reviews;';
