import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { migrationSource } from '../../migrations/index.ts';
import { migrateDatabase } from '../../src/platform/postgres/migrator.ts';
import { createApiClient, expectSuccess } from '../../src/stack/api-client.ts';
import { applicationEnvironment, runCommand, startApi, startWorker } from '../../src/stack/application.ts';
import { giveEmbeddingKey } from '../../src/stack/demo-tenant.ts';
import { publishSamples, waitUntilEmbedded } from '../../src/stack/sample-articles.ts';
import { type Stack, startStack } from '../../src/stack/stack.ts';
import { type Measured, measureJudgedQueries, patientVariables } from './judged-queries-measurement.ts';
import { describeMeasured } from './judged-queries-table.ts';

type Variables = Readonly<Record<string, string | undefined>>;

const venvDir = join(import.meta.dirname, '..', '..', '.stack', 'venv');
const embeddingDeadlineMs = 20 * 60_000;
const log = (line: string) => process.stderr.write(`${line}\n`);
const created = z.object({ data: z.object({ keys: z.object({ agent: z.string(), user: z.string() }) }) });

/** `npm run bench:quality`: a stack of its own, the samples in it, every judged query in every mode. The exit code. */
export async function runJudgedQueries(env: Variables): Promise<number> {
  log('starting the servers …');
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
    const measured = await Promise.race([measure(stack, { PATH: env.PATH, HOME: env.HOME }), stopped]);
    if (measured === undefined) return 130;
    process.stdout.write(`\n${describeMeasured(measured)}\n`);
    return 0;
  } catch (error) {
    log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return 1;
  } finally {
    await stack.stop();
  }
}

async function measure(stack: Stack, env: Variables): Promise<Measured[]> {
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
  const tenant = { slug: 'quality', name: 'Quality' };
  const answer = await api({ method: 'POST', path: '/admin/tenants', key: adminKey, body: tenant });
  const { keys } = expectSuccess(answer, created, 'make a tenant').data;
  await giveEmbeddingKey(api, keys.user);
  await publishSamples(api, keys.user);
  await waitUntilEmbedded(api, keys.user, {
    deadlineMs: embeddingDeadlineMs,
    onProgress: ({ embedded, published }) => log(`${embedded} of ${published} samples are embedded`),
  });
  return measureJudgedQueries(api, keys.agent);
}
