import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { test as base, expect, inject, vi } from 'vitest';
import { MigrationFailed } from '../../../src/platform/postgres/migration-failure.ts';
import { migrateDatabase } from '../../../src/platform/postgres/migrator.ts';
import { query } from '../../support/test-database.ts';

const name = `test_${randomBytes(6).toString('hex')}`;
const password = `canary-${randomBytes(12).toString('hex')}`;
const untouched = `${name}_untouched`;
const owner = `${name}_owner`;
const application = `${name}_app`;

/** An owner that owns its databases and has no other right, as on many a managed Postgres. */
const it = base.extend('owner', { auto: true, scope: 'file' }, async ({}, { onCleanup }) => {
  const run = (sql: string) => query(inject('databaseOwnerUrl'), sql);
  await run(`create role ${owner} login password 'owner'`);
  for (const each of [name, untouched]) await run(`create database ${each} owner ${owner}`);
  onCleanup(async () => {
    for (const each of [name, untouched]) await run(`drop database if exists ${each} with (force)`);
    await run(`drop role if exists ${application}`);
    await run(`drop role ${owner}`);
  });
  return owner;
});

it('names the right that an owner lacks who may not create roles, without the statement and its password', async () => {
  const failure = await failureOf(urlFor(owner, 'owner'));
  expect(failure.code).toBe('42501');
  expect(failure.message).toContain(`may not create the role "${application}" of DATABASE_URL`);
  expect(failure.message).toContain('it needs CREATEROLE');
});

it('names the right that an owner lacks who may not alter an existing role', async () => {
  await query(inject('databaseOwnerUrl'), `create role ${application} login`);
  const failure = await failureOf(urlFor(owner, 'owner'));
  expect(failure.code).toBe('42501');
  expect(failure.message).toContain(`may not set the password of the role "${application}"`);
});

it('names the migration that failed and its SQLSTATE, and no statement', async () => {
  const wrong = sourceOf({
    '001_first': nothing,
    '002_wrong': (tx) => tx.raw(`select no_such_function('${password}')`),
    '003_last': nothing,
  });
  const failure = await failureOf(urlFor(owner, 'owner'), wrong);
  expect(failure.message).toBe('the migration "002_wrong" failed (42883)');
});

it('distinguishes a refused login from a server that cannot be reached', async () => {
  expect((await failureOf(urlFor(owner, 'wrong'))).message).toContain('refuses the login');
  const nowhere = new URL(urlFor(owner, 'owner'));
  nowhere.port = '9';
  expect((await failureOf(nowhere.href)).message).toContain('cannot be reached');
  expect((await failureOf(urlFor(owner, 'owner', 'nowhere'))).message).toContain('does not exist');
});

it('names a database that is newer than the program', async () => {
  const failure = await failureOf(urlFor(owner, 'owner'), sourceOf({}));
  expect(failure.message).toContain('is newer');
});

it('as a command says the reason in its log and nothing of the password', async () => {
  const script = join(import.meta.dirname, '..', '..', '..', 'src', 'main', 'migrate.ts');
  const env = { DATABASE_OWNER_URL: urlFor(owner, 'owner', untouched), DATABASE_URL: applicationUrl() };
  const child = spawn(process.execPath, ['--import', 'tsx', script], { env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(1);
  expect(output).toContain('"type":"MigrationFailed"');
  expect(output).toMatch(/"reason":"[^"]*DATABASE_OWNER_URL/);
  expect(output).not.toContain(password);
});

/** A URL of the run's server, for one of the logins. */
function urlFor(login: string, secret: string, database = name): string {
  const url = new URL(inject('databaseOwnerUrl'));
  [url.username, url.password, url.pathname] = [login, secret, `/${database}`];
  return url.href;
}
const applicationUrl = () => urlFor(application, password);

const nothing = async () => undefined;
const sourceOf = (migrations: Record<string, Knex.Migration['up']>): Knex.MigrationSource<string> => ({
  getMigrations: async () => Object.keys(migrations),
  getMigrationName: (each) => each,
  getMigration: async (each) => ({ up: migrations[each] ?? nothing, down: nothing }),
});
const harmless = sourceOf({ '001_first': nothing });

/** The failure of a migration. Checks that nothing was printed on the way, and that no password is shown. */
async function failureOf(ownerUrl: string, source = harmless) {
  const said: string[] = [];
  const listen = (...words: unknown[]) => void said.push(words.join(' '));
  const spies = (['log', 'warn', 'error', 'info'] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation(listen),
  );
  const failure: unknown = await migrateDatabase({ ownerUrl, applicationUrl: applicationUrl(), source }).then(
    () => 'it went well',
    (error: unknown) => error,
  );
  for (const spy of spies) spy.mockRestore();
  if (!(failure instanceof MigrationFailed)) throw new Error(`it is another failure: ${String(failure)}`);
  expect(said).toEqual([]);
  const shown = [failure.message, failure.stack, failure.cause, Object.entries(failure)].join(' ');
  expect(shown).not.toContain(password);
  expect(shown).not.toMatch(/create role .* login|alter role .* login/i);
  return failure;
}
