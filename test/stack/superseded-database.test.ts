import { execFile } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import { expect } from 'vitest';
import { startStack } from '../../src/stack/stack.ts';
import { factsOfDirectory } from './directory-facts.ts';
import { venvDir } from './running-stack.ts';

const it = factsOfDirectory();

it('names the folder of a development version’s database to the person who starts, and ends with 1', async ({
  dir,
}) => {
  await leaveEarlierDatabase(dir);
  const { PATH, HOME } = process.env;
  const ended = await new Promise<{ code: number | null; said: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, 'start-process.ts'), dir, '--no-samples'],
      { env: { PATH, HOME, ...others } },
      (_error, _stdout, stderr) => resolve({ code: child.exitCode, said: stderr }),
    );
  });
  expect(ended.said).toContain(
    `the database was made by an earlier development version and cannot be brought up to date: remove the folder ${join(dir, 'postgres')}, which holds its data, and start again`,
  );
  expect(ended.code).toBe(1);
}, 120_000);

/** Given, so that PostgreSQL alone is started. */
const others = {
  TEMPORAL_ADDRESS: '127.0.0.1:1',
  VAULT_ADDR: 'http://127.0.0.1:1',
  VAULT_TOKEN: 'unused',
  EMBEDDING_BASE_URL: 'http://127.0.0.1:1',
};

/** What a development version leaves of its migrations. */
async function leaveEarlierDatabase(dir: string): Promise<void> {
  const stack = await startStack({ dir, venvDir, mode: 'persistent', env: others, log: () => undefined });
  const owner = new pg.Client({ connectionString: stack.databaseOwnerUrl });
  try {
    await owner.connect();
    await owner.query(`create table knex_migrations (id serial primary key, name text)`);
    await owner.query(`insert into knex_migrations (name) values ('001_tenants')`);
  } finally {
    await owner.end();
    await stack.stop();
  }
}
