import type { Knex } from 'knex';
import { isolateTenant } from './row-level-security.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- How often an operation was left out because the tenant has no key for it. Audit rows cannot be changed, so the count
    -- grows here and goes into the next row of the audit log, an hour after the last at the earliest.
    create table blocked_operations (
      tenant_id uuid not null references tenants (id),
      operation text not null,
      -- In the last audit row.
      reported bigint not null check (reported > 0),
      reported_at timestamptz not null default clock_timestamp(),
      -- Since then.
      unreported bigint not null default 0 check (unreported >= 0),
      primary key (tenant_id, operation)
    );
    ${isolateTenant('blocked_operations')}
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table blocked_operations;');
}
