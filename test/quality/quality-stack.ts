import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { migrationSource } from '../../migrations/index.ts';
import { migrateDatabase } from '../../src/platform/postgres/migrator.ts';
import { type ApiClient, createApiClient, expectSuccess } from '../../src/stack/api-client.ts';
import { applicationEnvironment, runCommand, startApi, startWorker } from '../../src/stack/application.ts';
import { giveEmbeddingKey } from '../../src/stack/demo-tenant.ts';
import { type Stack, startStack } from '../../src/stack/stack.ts';
import { patientVariables } from './judged-queries-measurement.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** The service with the local model, in servers of its own. */
export interface QualityService {
  readonly api: ApiClient;
  readonly stack: Stack;
  /** Makes a tenant that has an embedding key. */
  createTenant(slug: string): Promise<TenantKeys>;
}

export interface TenantKeys {
  readonly agent: string;
  readonly user: string;
}

const venvDir = join(import.meta.dirname, '..', '..', '.stack', 'venv');
const created = z.object({ data: z.object({ keys: z.object({ agent: z.string(), user: z.string() }) }) });

/** Says on the error output how far a measurement is. */
export const progress = (line: string) => process.stderr.write(`${line}\n`);

/** Measures with a service of its own, and prints what that returns. The exit code. */
export async function runWithService(
  env: Variables,
  measure: (service: QualityService) => Promise<string>,
): Promise<number> {
  progress('starting the servers …');
  const stack = await startStack({
    dir: join(tmpdir(), `lorekeep-quality-${process.pid}-${randomBytes(4).toString('hex')}`),
    venvDir,
    mode: 'ephemeral',
    // Of the person's environment only what a process needs to start: services of theirs hold other articles.
    env: {},
    log: () => undefined,
  });
  const stopped = new Promise<undefined>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(undefined));
  });
  try {
    const service = startService(stack, { PATH: env.PATH, HOME: env.HOME });
    const measured = await Promise.race([service.then(measure), stopped]);
    if (measured === undefined) return 130;
    process.stdout.write(`\n${measured}\n`);
    return 0;
  } catch (error) {
    progress(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return 1;
  } finally {
    await stack.stop();
  }
}

async function startService(stack: Stack, env: Variables): Promise<QualityService> {
  const adminKey = randomBytes(24).toString('base64url');
  const environment = { ...applicationEnvironment(stack, env, adminKey), ...patientVariables };
  await Promise.all([
    migrateDatabase({
      ownerUrl: stack.databaseOwnerUrl,
      applicationUrl: stack.databaseUrl,
      source: migrationSource,
    }),
    runCommand('temporal-setup', environment),
  ]);
  const [apiUrl] = await Promise.all([startApi(stack, environment), startWorker(stack, environment)]);
  const api = createApiClient(apiUrl);
  return {
    api,
    stack,
    async createTenant(slug) {
      const body = { slug, name: 'Quality' };
      const answer = await api({ method: 'POST', path: '/admin/tenants', key: adminKey, body });
      const { keys } = expectSuccess(answer, created, 'make a tenant').data;
      await giveEmbeddingKey(api, keys.user);
      return keys;
    },
  };
}
