/**
 * The SQL for the policy of every tenant table: a transaction reads and writes only rows of the tenant that it has named.
 * After a commit the setting is an empty string and no uuid, hence `nullif`. FORCE binds the owner, too.
 */
export function isolateTenant(table: string, column = 'tenant_id'): string {
  return `
    ${isolateTenantButOwner(table, column)}
    alter table ${table} force row level security;
  `;
}

/** The same without FORCE: a function of the owner reads the table by indexes that a policy would leave unused. */
export function isolateTenantButOwner(table: string, column = 'tenant_id'): string {
  return `
    alter table ${table} enable row level security;
    create policy tenant_isolation on ${table}
      using (${column} = nullif(current_setting('app.tenant_id', true), '')::uuid)
      with check (${column} = nullif(current_setting('app.tenant_id', true), '')::uuid);
  `;
}

/** The SQL for a policy that lets one platform scope read and write all rows of a table. */
export function openToScope(table: string, scope: string): string {
  return `
    create policy ${scope}_scope on ${table}
      using (current_setting('app.scope', true) = '${scope}')
      with check (current_setting('app.scope', true) = '${scope}');
  `;
}

/** The SQL for a policy that lets one platform scope read all rows of a table. */
export function openToScopeForReading(table: string, scope: string): string {
  return `
    create policy ${scope}_scope on ${table} for select
      using (current_setting('app.scope', true) = '${scope}');
  `;
}
