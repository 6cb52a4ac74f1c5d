import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrationSource } from '../../migrations/index.ts';
import { migrateDatabase } from '../../src/platform/postgres/migrator.ts';
import { startStack } from '../../src/stack/stack.ts';

declare module 'vitest' {
  /** The services of the run: `inject('databaseOwnerUrl')` in a test. */
  export interface ProvidedContext {
    databaseOwnerUrl: string;
    databaseUrl: string;
    /** A migrated, empty database: `create database x template <this>`. */
    templateDatabase: string;
    temporalAddress: string;
    vaultAddr: string;
    vaultToken: string;
    vaultTransitMount: string;
    vaultTransitKey: string;
    embeddingUrl: string;
    temporalTestServerPath: string;
    venvDir: string;
  }
}

const root = join(import.meta.dirname, '..', '..');

/**
 * One stack for the whole run, on free ports, removed after it; services that the environment names are used instead. Each
 * project that runs calls this, one after the other: the first starts the stack, and leaves it to all.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const run = project.vitest;
  if ('databaseUrl' in run.getProvidedContext()) return undefined;
  const venvDir = join(root, '.stack', 'venv');
  const stack = await startStack({
    dir: join(tmpdir(), `lorekeep-test-${process.pid}-${randomBytes(4).toString('hex')}`),
    venvDir,
    mode: 'ephemeral',
    env: process.env,
    log: (line) => run.logger.log(`stack: ${line}`),
  });
  try {
    const templateDatabase = await makeTemplate(stack.databaseOwnerUrl, stack.databaseUrl);
    run.provide('templateDatabase', templateDatabase);
    run.provide('databaseOwnerUrl', stack.databaseOwnerUrl);
    run.provide('databaseUrl', stack.databaseUrl);
    run.provide('temporalAddress', stack.temporalAddress);
    run.provide('vaultAddr', stack.vaultAddr);
    run.provide('vaultToken', stack.vaultToken ?? '');
    run.provide('vaultTransitMount', stack.vaultTransitMount);
    run.provide('vaultTransitKey', stack.vaultTransitKey);
    run.provide('embeddingUrl', stack.embeddingUrl);
    run.provide('temporalTestServerPath', stack.temporalTestServerPath);
    run.provide('venvDir', venvDir);
  } catch (error) {
    await stack.stop();
    throw error;
  }
  return () => stack.stop();
}

/** Migrating takes longer than copying: it is done once, and each test file copies. */
async function makeTemplate(ownerUrl: string, applicationUrl: string): Promise<string> {
  const name = 'lorekeep_template';
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  try {
    await owner.query(`drop database if exists ${name}`);
    await owner.query(`create database ${name}`);
  } finally {
    await owner.end();
  }
  await migrateDatabase({
    ownerUrl: withDatabase(ownerUrl, name),
    applicationUrl: withDatabase(applicationUrl, name),
    source: migrationSource,
  });
  return name;
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
