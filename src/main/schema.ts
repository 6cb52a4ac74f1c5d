import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import pg from 'pg';
import { migrationSource } from '../../migrations/index.ts';
import { migrateDatabase } from '../platform/postgres/migrator.ts';
import { readSchema } from '../stack/postgres-schema.ts';
import { startStack } from '../stack/stack.ts';

const root = join(import.meta.dirname, '..', '..');
const venvDir = join(root, '.stack', 'venv');
const file = join(root, 'docs', 'schema.sql');
const say = (line: string) => console.log(line);

/** Named, so that they are not started: nothing here asks them. */
const unused = {
  TEMPORAL_ADDRESS: '127.0.0.1:1',
  VAULT_ADDR: 'http://127.0.0.1:1',
  VAULT_TOKEN: 'unused',
  EMBEDDING_BASE_URL: 'http://127.0.0.1:1',
};

/**
 * `npm run schema`: writes docs/schema.sql from a scratch database that it migrates and drops again, on a server of its own or
 * on that of DATABASE_OWNER_URL and DATABASE_URL.
 */
export async function writeSchema(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const { DATABASE_URL, DATABASE_OWNER_URL } = env;
  const stack = await startStack({
    dir: join(tmpdir(), `lorekeep-schema-${process.pid}-${randomBytes(4).toString('hex')}`),
    venvDir,
    mode: 'ephemeral',
    env: { DATABASE_URL, DATABASE_OWNER_URL, ...unused },
    log: say,
  });
  try {
    const name = `lorekeep_schema_${randomBytes(4).toString('hex')}`;
    const ownerUrl = withDatabase(stack.databaseOwnerUrl, name);
    await runAsOwner(stack.databaseOwnerUrl, `create database ${name}`);
    try {
      const applicationUrl = withDatabase(stack.databaseUrl, name);
      await migrateDatabase({ ownerUrl, applicationUrl, source: migrationSource });
      await writeFile(file, await readSchema({ url: ownerUrl, venvDir }));
    } finally {
      await runAsOwner(stack.databaseOwnerUrl, `drop database ${name} with (force)`);
    }
  } finally {
    await stack.stop();
  }
  say(`wrote ${relative(process.cwd(), file)}`);
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

async function runAsOwner(url: string, sql: string): Promise<void> {
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  try {
    await owner.query(sql);
  } finally {
    await owner.end();
  }
}
