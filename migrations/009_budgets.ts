import type { Knex } from 'knex';
import { isolateTenant, openToScope } from './row-level-security.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- A tenant's tokens of a month (UTC): what answered calls have cost, and what calls under way may cost at most.
    create table monthly_usage (
      tenant_id uuid not null references tenants (id),
      month date not null check (extract(day from month) = 1),
      settled_tokens bigint not null default 0 check (settled_tokens >= 0),
      reserved_tokens bigint not null default 0 check (reserved_tokens >= 0),
      -- Set by the first call that the budget refused, cleared by the next that it let through.
      exhausted_at timestamptz,
      primary key (tenant_id, month)
    );
    ${isolateTenant('monthly_usage')}
    ${openToScope('monthly_usage', 'reconcile')}

    alter table provider_calls
      add column month date,
      add column reserved_tokens bigint not null default 0 check (reserved_tokens >= 0);
    ${openToScope('provider_calls', 'reconcile')}
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop policy reconcile_scope on provider_calls;
    alter table provider_calls drop column month, drop column reserved_tokens;
    drop table monthly_usage;
  `);
}
