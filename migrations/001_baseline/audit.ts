import { isolateTenant } from '../row-level-security.ts';

export const create = `
  create table audit_log (
    tenant_id uuid not null references tenants (id),
    id bigint generated always as identity,
    at timestamptz not null default clock_timestamp(),
    actor_key_id uuid,
    actor_label text not null,
    actor_role text not null,
    -- The way that the request came, where it was no call of the REST API.
    actor_via text check (actor_via in ('mcp')),
    action text not null,
    subject_kind text not null,
    subject_id text not null,
    details jsonb not null default '{}',
    primary key (tenant_id, id)
  );
  ${isolateTenant('audit_log')}

  create function refuse_audit_change() returns trigger language plpgsql as $$
  begin
    -- end_audit_rows names the point in time before which the operator keeps no rows. Rows of the last 30 days stay
    -- whatever it names.
    if tg_op = 'DELETE' and old.at < now() - interval '30 days'
       and old.at < nullif(current_setting('app.audit_end', true), '')::timestamptz then
      return old;
    end if;
    raise exception 'the audit log is append-only' using errcode = 'restrict_violation';
  end $$;
  create index audit_log_oldest_first on audit_log (tenant_id, at);
  create trigger audit_log_is_append_only before update or delete on audit_log
    for each row execute function refuse_audit_change();
  -- The only way in which the application's login, which may not delete here, ends rows: the oldest of the tenant that its
  -- transaction has named. It runs with the owner's rights, so it names the tenant itself.
  create function end_audit_rows(before timestamptz, max_rows integer) returns integer
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
  declare
    ended integer;
  begin
    perform set_config('app.audit_end', before::text, true);
    delete from audit_log a using (
      select tenant_id, id from audit_log
       where tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid and at < before
       order by at limit max_rows
    ) old where a.tenant_id = old.tenant_id and a.id = old.id;
    get diagnostics ended = row_count;
    perform set_config('app.audit_end', '', true);
    return ended;
  end $$;
  revoke execute on function end_audit_rows(timestamptz, integer) from public;
  create trigger audit_log_is_not_truncated before truncate on audit_log
    for each statement execute function refuse_audit_change();
`;

export const drop =
  'drop table audit_log; drop function end_audit_rows(timestamptz, integer); drop function refuse_audit_change();';
