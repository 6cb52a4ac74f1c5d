import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { test as base, expect, inject } from 'vitest';
import { migrationSource } from '../../../migrations/index.ts';
import { SupersededDatabase } from '../../../src/platform/postgres/migration-failure.ts';
import { migrateDatabase } from '../../../src/platform/postgres/migrator.ts';
import { query } from '../../support/test-database.ts';

const name = `test_${randomBytes(6).toString('hex')}`;
const itsRole = `${name}_app`;
const newRole = `${name}_new`;

/** A database that a development version has migrated. */
const it = base.extend('database', { auto: true, scope: 'file' }, async ({}, { onCleanup }) => {
  await query(inject('databaseOwnerUrl'), `create database ${name}`);
  await migrateDatabase({ ownerUrl: ownerUrl(), applicationUrl: applicationUrl(itsRole), source: earlier });
  onCleanup(async () => {
    await query(inject('databaseOwnerUrl'), `drop database ${name} with (force)`);
    for (const role of [itsRole, newRole]) {
      await query(inject('databaseOwnerUrl'), `drop role if exists ${role}`);
    }
  });
  return name;
});

it('is refused in one sentence that says what to do, and nothing in it is changed', async () => {
  const before = await stateOf();
  expect(before.applied.map((row) => row.name)).toEqual(['001_tenants', '016_proposal_gate']);
  expect(before.roles).toEqual([]);

  const failure: unknown = await migrateDatabase({
    ownerUrl: ownerUrl(),
    applicationUrl: applicationUrl(newRole),
    source: migrationSource,
  }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SupersededDatabase);
  expect(failure).toMatchObject({
    message:
      'the database was made by an earlier development version and cannot be brought up to date: make a new, empty database and name it in DATABASE_OWNER_URL and DATABASE_URL',
  });
  expect(await stateOf()).toEqual(before);
});

it('is refused by `npm run migrate`, which says the same in its log', async () => {
  const before = await stateOf();
  const script = join(import.meta.dirname, '..', '..', '..', 'src', 'main', 'migrate.ts');
  const env = { DATABASE_OWNER_URL: ownerUrl(), DATABASE_URL: applicationUrl(newRole) };
  const child = spawn(process.execPath, ['--import', 'tsx', script], { env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(1);
  expect(output).toMatch(
    /"reason":"the database was made by an earlier development version [^"]*: make a new, empty database[^"]*"/,
  );
  expect(await stateOf()).toEqual(before);
});

const ownerUrl = () => {
  const url = new URL(inject('databaseOwnerUrl'));
  url.pathname = `/${name}`;
  return url.href;
};
const applicationUrl = (role: string) => {
  const url = new URL(ownerUrl());
  [url.username, url.password] = [role, 'secret'];
  return url.href;
};

/** The first and the last migration of a development version, by their names then, and a table or two. */
const earlier: Knex.MigrationSource<string> = {
  getMigrations: async () => ['001_tenants', '016_proposal_gate'],
  getMigrationName: (each) => each,
  getMigration: async (each) => ({
    up: (tx) =>
      tx.raw(`create table ${each === '001_tenants' ? 'tenants' : 'audit_log'} (id uuid primary key)`),
    down: async () => undefined,
  }),
};

/** Every relation with its rights and the transaction that wrote it last, and the rows of the migrations. */
async function stateOf() {
  const relations = await query(
    ownerUrl(),
    `select oid, relname, relacl::text, xmin::text from pg_class where relnamespace = 'public'::regnamespace order by oid`,
  );
  const applied = await query(ownerUrl(), 'select *, xmin::text from knex_migrations order by id');
  const locks = await query(ownerUrl(), 'select *, xmin::text from knex_migrations_lock');
  const roles = await query(ownerUrl(), 'select rolname from pg_roles where rolname = $1', [newRole]);
  return { relations, applied, locks, roles };
}
