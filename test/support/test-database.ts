import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { createDatabase, type Database } from '../../src/platform/postgres/database.ts';

export interface TestDatabase {
  /** The application's own way in. */
  readonly database: Database;
  readonly ownerUrl: string;
  readonly applicationUrl: string;
  /** One statement with the application's login, outside of everything that the service does. */
  rawAsApplication(sql: string, values?: readonly unknown[]): Promise<unknown[]>;
  /** One statement with the owner's login, past every policy: what an intruder in the database could do. */
  rawAsOwner(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  drop(): Promise<void>;
}

/** A migrated database of the test file's own, copied from the run's template. */
export async function createTestDatabase(
  options: { readonly poolSize?: number } = {},
): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const maintenanceUrl = inject('databaseOwnerUrl');
  await query(maintenanceUrl, `create database ${name} template ${inject('templateDatabase')}`);
  const ownerUrl = withDatabase(maintenanceUrl, name);
  const applicationUrl = withDatabase(inject('databaseUrl'), name);
  const database = createDatabase({
    url: applicationUrl,
    poolSize: options.poolSize ?? 10,
    applicationName: 'lorekeep-test',
  });

  return {
    database,
    ownerUrl,
    applicationUrl,
    rawAsApplication: (sql, values) => query(applicationUrl, sql, values),
    rawAsOwner: (sql, values) => query(ownerUrl, sql, values),
    async drop() {
      await database.close();
      await query(maintenanceUrl, `drop database ${name} with (force)`);
    },
  };
}

export async function query(
  url: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql, [...values]);
    return rows;
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
