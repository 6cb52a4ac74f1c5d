import type { Knex } from 'knex';
import { isolateTenant } from './row-level-security.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Written before a provider is called and finished after: what a crash leaves open is seen, not lost.
    create table provider_calls (
      tenant_id uuid not null references tenants (id),
      id uuid not null,
      provider text not null check (provider in ('embedding', 'anthropic')),
      operation text not null,
      source text not null check (source in ('workflow', 'search', 'gate', 'verify')),
      model text not null,
      key_version integer not null,
      subject_id uuid,
      inputs integer not null check (inputs > 0),
      started_at timestamptz not null default clock_timestamp(),
      finished_at timestamptz,
      outcome text,
      input_tokens bigint not null default 0 check (input_tokens >= 0),
      output_tokens bigint not null default 0 check (output_tokens >= 0),
      primary key (tenant_id, id),
      check ((finished_at is null) = (outcome is null))
    );
    create index provider_calls_of_subject on provider_calls (tenant_id, subject_id) where subject_id is not null;
    create index provider_calls_open on provider_calls (started_at) where finished_at is null;
    ${isolateTenant('provider_calls')}

    create table usage_ledger (
      tenant_id uuid not null,
      call_id uuid not null,
      at timestamptz not null,
      operation text not null,
      provider text not null,
      model text not null,
      source text not null,
      input_tokens bigint not null,
      output_tokens bigint not null,
      primary key (tenant_id, call_id),
      foreign key (tenant_id, call_id) references provider_calls (tenant_id, id)
    );
    create index usage_ledger_by_time on usage_ledger (tenant_id, at);
    ${isolateTenant('usage_ledger')}
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table usage_ledger; drop table provider_calls;');
}
