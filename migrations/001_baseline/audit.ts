import { isolateTenant } from '../row-level-security.ts';

export const create = `
  create table audit_log (
    tenant_id uuid not null references tenants (id),
    id bigint generated always as identity,
    at timestamptz not null default clock_timestamp(),
    actor_key_id uuid,
    actor_label text not null,
    actor_role text not null,
    action text not null,
    subject_kind text not null,
    subject_id text not null,
    details jsonb not null default '{}',
    primary key (tenant_id, id)
  );
  ${isolateTenant('audit_log')}

  create function refuse_audit_change() returns trigger language plpgsql as $$
  begin
    raise exception 'the audit log is append-only' using errcode = 'restrict_violation';
  end $$;
  create trigger audit_log_is_append_only before update or delete on audit_log
    for each row execute function refuse_audit_change();
  create trigger audit_log_is_not_truncated before truncate on audit_log
    for each statement execute function refuse_audit_change();
`;

export const drop = 'drop table audit_log; drop function refuse_audit_change();';
