import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { migrationSource } from '../../../migrations/index.ts';
import { migrateDatabase } from '../../../src/platform/postgres/migrator.ts';
import { applicationEnvironment, runCommand, startApi } from '../../../src/stack/application.ts';
import { type Stack, startStack } from '../../../src/stack/stack.ts';
import { startScript, type Variables } from '../bench-stack.ts';

/** What the searches are measured on. */
export interface SearchStack {
  readonly apiUrl: string;
  readonly providerUrl: string;
  readonly databaseUrl: string;
  readonly databaseOwnerUrl: string;
  readonly temporal: Client;
  readonly stop: () => Promise<void>;
}

const stackDir = join(import.meta.dirname, '..', '..', '..', '.stack');

/**
 * Starts the servers as a person's own stack has them, the API as a process of its own, and the provider with its planned
 * vectors. No worker: what is loaded is embedded already. Everything is removed when it stops.
 */
export async function startSearchStack(env: Variables): Promise<SearchStack> {
  const dir = join(stackDir, 'bench', `search-${randomBytes(4).toString('hex')}`);
  const stack = await startStack({
    dir,
    venvDir: join(stackDir, 'venv'),
    mode: 'persistent',
    // Named, so that no real model is started: the planned one takes its place below.
    env: { EMBEDDING_BASE_URL: 'http://127.0.0.1:9/v1' },
    log: () => undefined,
  });
  const stopServers = async () => {
    await stack.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    // Of the person's environment only what a process needs to start: settings would change what is measured.
    return await startProcesses(stack, { PATH: env.PATH, HOME: env.HOME }, stopServers);
  } catch (error) {
    await stopServers();
    throw error;
  }
}

async function startProcesses(
  stack: Stack,
  env: Variables,
  stopServers: () => Promise<void>,
): Promise<SearchStack> {
  const { databaseOwnerUrl, databaseUrl } = stack;
  await migrateDatabase({ ownerUrl: databaseOwnerUrl, applicationUrl: databaseUrl, source: migrationSource });
  const file = join(import.meta.dirname, 'planned-provider.ts');
  const providerUrl = await startScript(stack, { name: 'provider', file, args: [], env });
  const environment = {
    ...applicationEnvironment(stack, env, randomBytes(24).toString('base64url')),
    EMBEDDING_BASE_URL: `${providerUrl}/v1`,
  };
  await runCommand('temporal-setup', environment);
  const apiUrl = await startApi(stack, environment);
  const connection = await Connection.connect({ address: stack.temporalAddress });
  return {
    ...{ apiUrl, providerUrl, databaseUrl, databaseOwnerUrl },
    temporal: new Client({ connection }),
    async stop() {
      await connection.close();
      await stopServers();
    },
  };
}
