import { isolateTenant } from '../row-level-security.ts';

export const create = `
  -- Finds the nearest word to a misspelt one. It is a trusted extension: a login with CREATE on the database may create it.
  create extension if not exists pg_trgm;

  -- The search cursors that are too long for a URL. They are stored for a short time, and the client gets the id.
  create table search_cursors (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    cursor jsonb not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, id)
  );
  create index search_cursors_oldest_first on search_cursors (tenant_id, created_at);
  ${isolateTenant('search_cursors')}
`;

export const drop = 'drop table search_cursors; drop extension pg_trgm;';
