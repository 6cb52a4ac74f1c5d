/**
 * The policy of every tenant table: rows of the tenant that the transaction has named, for reading and writing alike.
 * `nullif`: after a commit the setting reads back as an empty string, which is no uuid. FORCE binds the owner too.
 */
export function isolateTenant(table: string, column = 'tenant_id'): string {
  return `
    alter table ${table} enable row level security;
    alter table ${table} force row level security;
    create policy tenant_isolation on ${table}
      using (${column} = nullif(current_setting('app.tenant_id', true), '')::uuid)
      with check (${column} = nullif(current_setting('app.tenant_id', true), '')::uuid);
  `;
}

/** A further policy for one scope of the platform's own work, where a table needs it. */
export function openToScope(table: string, scope: string): string {
  return `
    create policy ${scope}_scope on ${table}
      using (current_setting('app.scope', true) = '${scope}')
      with check (current_setting('app.scope', true) = '${scope}');
  `;
}

/** The same for a scope that only reads. */
export function openToScopeForReading(table: string, scope: string): string {
  return `
    create policy ${scope}_scope on ${table} for select
      using (current_setting('app.scope', true) = '${scope}');
  `;
}
