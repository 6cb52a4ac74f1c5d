import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { expect } from 'vitest';
import { migrationSource } from '../../../migrations/index.ts';
import {
  migrateDatabase,
  rollBackDatabase,
  UnsafeApplicationRole,
} from '../../../src/platform/postgres/migrator.ts';
import { factsOfDatabase } from '../../support/fixtures.ts';
import { query, type TestDatabase } from '../../support/test-database.ts';

const it = factsOfDatabase();

it('gives the same schema after all up, all down, all up', async ({ db }) => {
  const options = {
    ownerUrl: db.ownerUrl,
    applicationUrl: db.applicationUrl,
    source: migrationSource,
  };
  const before = await describeSchema(db);
  expect(before.length).toBeGreaterThan(100);

  await rollBackDatabase(options);
  const bare = (await describeSchema(db)).filter((line) => !line.includes('knex_migrations'));
  expect(bare).toEqual(['extension plpgsql']);

  const { applied } = await migrateDatabase(options);
  expect(applied.length).toBe((await migrationSource.getMigrations([])).length);
  expect(await describeSchema(db)).toEqual(before);
});

it('applies nothing the second time', async ({ db }) => {
  const { applied } = await migrateDatabase({
    ownerUrl: db.ownerUrl,
    applicationUrl: db.applicationUrl,
    source: migrationSource,
  });
  expect(applied).toEqual([]);
});

it('is repeated by an owner who is no superuser', async ({ db }) => {
  const name = `plain_${randomBytes(4).toString('hex')}`;
  const at = (url: string, user: string) => {
    const changed = new URL(url);
    changed.username = user;
    changed.password = name;
    changed.pathname = `/${name}`;
    return changed.href;
  };
  await db.rawAsOwner(`create role ${name} login createrole password '${name}'`);
  await db.rawAsOwner(`create database ${name} owner ${name}`);
  const plain = new URL(db.ownerUrl);
  plain.pathname = `/${name}`;
  for (const extension of ['vector', 'pg_trgm']) await query(plain.href, `create extension ${extension}`);
  try {
    const options = {
      ownerUrl: at(db.ownerUrl, name),
      applicationUrl: at(db.ownerUrl, `${name}_app`),
      source: migrationSource,
    };
    await migrateDatabase(options);
    expect(await migrateDatabase(options)).toEqual({ applied: [] });
    await expect(query(options.applicationUrl, 'select count(*) from articles')).resolves.toEqual([
      { count: '0' },
    ]);
  } finally {
    await db.rawAsOwner(`drop database ${name} with (force)`);
    await db.rawAsOwner(`drop role ${name}_app`);
    await db.rawAsOwner(`drop role ${name}`);
  }
});

it('refuses an application’s login that no policy binds', async ({ db }) => {
  await expect(
    migrateDatabase({ ownerUrl: db.ownerUrl, applicationUrl: db.ownerUrl, source: migrationSource }),
  ).rejects.toThrow(UnsafeApplicationRole);
});

it('makes an index concurrently in a migration that asks for no transaction', async ({ db }) => {
  const name = '900_an_index';
  const source: Knex.MigrationSource<string> = {
    getMigrations: async () => [...(await migrationSource.getMigrations([])).map(nameOf), name],
    getMigrationName: (each) => each,
    getMigration: async () => ({
      config: { transaction: false },
      up: (owner) => owner.raw('create index concurrently an_index on articles (tenant_id, updated_at)'),
      down: (owner) => owner.raw('drop index concurrently an_index'),
    }),
  };
  const { applied } = await migrateDatabase({
    ...{ ownerUrl: db.ownerUrl, applicationUrl: db.applicationUrl, source },
  });
  expect(applied).toEqual([name]);
  expect(await describeSchema(db)).toContain(
    'index CREATE INDEX an_index ON public.articles USING btree (tenant_id, updated_at)',
  );
});

const nameOf = (each: Parameters<typeof migrationSource.getMigrationName>[0]) =>
  migrationSource.getMigrationName(each);

/** Every column, constraint, storage setting, index, policy, trigger and function of the schema, as text. */
async function describeSchema(db: TestDatabase): Promise<string[]> {
  const parts = [
    `select 'column ' || table_name || '.' || column_name || ' ' || udt_name || ' ' || is_nullable || ' ' ||
            coalesce(column_default, '') || coalesce(generation_expression, '') as line
       from information_schema.columns where table_schema = 'public'`,
    `select 'storage ' || attrelid::regclass || '.' || attname || ' ' || attstorage::text as line
       from pg_attribute join pg_class c on c.oid = attrelid
      where relnamespace = 'public'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped`,
    `select 'options ' || relname || ' ' || reloptions::text as line
       from pg_class where relnamespace = 'public'::regnamespace and reloptions is not null`,
    `select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) as line
       from pg_constraint where connamespace = 'public'::regnamespace`,
    `select 'index ' || indexdef as line from pg_indexes where schemaname = 'public'`,
    `select 'policy ' || tablename || ' ' || policyname || ' ' || cmd || ' ' || coalesce(qual, '') || ' ' ||
            coalesce(with_check, '') as line from pg_policies`,
    `select 'trigger ' || pg_get_triggerdef(oid) as line from pg_trigger where not tgisinternal`,
    `select 'function ' || p.oid::regprocedure as line from pg_proc p
      where pronamespace = 'public'::regnamespace and not exists
        (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')`,
    `select 'grant ' || grantee || ' ' || table_name || ' ' || string_agg(privilege_type, ',' order by privilege_type)
            as line from information_schema.role_table_grants where table_schema = 'public' group by grantee, table_name`,
    `select 'extension ' || extname as line from pg_extension`,
  ];
  const rows = await db.rawAsOwner(`${parts.join(' union all ')} order by 1`);
  return rows.map(({ line }) => String(line));
}
