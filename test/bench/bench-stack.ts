import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { migrationSource } from '../../migrations/index.ts';
import { isBuildCurrent } from '../../scripts/build-stamp.mjs';
import { migrateDatabase } from '../../src/platform/postgres/migrator.ts';
import {
  applicationEnvironment,
  type Code,
  runCommand,
  startApi,
  startWorker,
} from '../../src/stack/application.ts';
import { isFree } from '../../src/stack/ports.ts';
import { type Stack, startStack } from '../../src/stack/stack.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

/** Everything that the benchmarks measure, running: one set of servers for the service and for its floors. */
export interface BenchStack {
  readonly apiUrl: string;
  readonly adminKey: string;
  readonly bareApiUrl: string;
  /** Of the worker. */
  readonly workerMetricsUrl: string;
  /** The stand-in for the providers. */
  readonly twinUrl: string;
  readonly databaseUrl: string;
  readonly databaseOwnerUrl: string;
  /** What the API and the worker were started with. */
  readonly environment: Variables;
  readonly temporal: Client;
  readonly bareTaskQueue: string;
  readonly stop: () => Promise<void>;
}

const root = join(import.meta.dirname, '..', '..');
const stackDir = join(root, '.stack');
const bareTaskQueue = 'bare';
/** The floor's rows are of some tenant, too. */
const bareTenantId = '00000000-0000-4000-8000-000000000001';

/** How the API and the worker are watched. */
export interface Watched {
  /** Where their inspectors listen. */
  readonly inspectorPorts: Readonly<Record<'api' | 'worker', number>>;
  /** The address of the database for one of them. */
  databaseUrlOf(process: 'api' | 'worker', url: string): Promise<string>;
}

/**
 * Starts the servers as a person's own stack has them: files, write-ahead logs, fsync. A floor on a database that never
 * waits for its disk would say nothing of one that does. Everything is removed when it stops.
 */
export async function startBenchStack(
  env: Variables,
  log: (line: string) => void,
  watched?: Watched,
): Promise<BenchStack> {
  const dir = join(stackDir, 'bench', `stack-${randomBytes(4).toString('hex')}`);
  const stack = await startStack({
    dir,
    venvDir: join(stackDir, 'venv'),
    mode: 'persistent',
    // Named, so that no real model is started: the twin takes its place below.
    env: { EMBEDDING_BASE_URL: 'http://127.0.0.1:9/v1' },
    log: () => undefined,
  });
  const stopServers = async () => {
    await stack.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    // Of the person's environment only what a process needs to start: settings would change what is measured.
    return await startProcesses(stack, { PATH: env.PATH, HOME: env.HOME }, { stopServers, log, watched });
  } catch (error) {
    await stopServers();
    throw error;
  }
}

async function startProcesses(
  stack: Stack,
  env: Variables,
  options: {
    readonly stopServers: () => Promise<void>;
    readonly log: (line: string) => void;
    readonly watched: Watched | undefined;
  },
): Promise<BenchStack> {
  const { stopServers, log, watched } = options;
  // What people run. Where the build is not current, the sources.
  const code: Code = isBuildCurrent(root) ? 'build' : 'sources';
  log('migrating, and starting the API, the worker, the provider’s twin and the floors …');
  const { databaseOwnerUrl, databaseUrl } = stack;
  await migrateDatabase({
    ownerUrl: databaseOwnerUrl,
    applicationUrl: databaseUrl,
    source: migrationSource,
  });
  await makeBareTable(databaseOwnerUrl, databaseUrl);

  const script = (name: string) => join(import.meta.dirname, name);
  const start = (name: string, file: string, args: readonly string[]) =>
    startScript(stack, { name, file, args, env });
  const twinUrl = await start('twin', script('twin-process.ts'), []);
  const adminKey = randomBytes(24).toString('base64url');
  const environment = {
    ...applicationEnvironment(stack, env, adminKey),
    EMBEDDING_BASE_URL: `${twinUrl}/v1`,
    ANTHROPIC_BASE_URL: twinUrl,
  };
  await runCommand('temporal-setup', environment);
  const environmentOf = async (process: 'api' | 'worker'): Promise<Variables> =>
    watched === undefined
      ? environment
      : {
          ...environment,
          DATABASE_URL: await watched.databaseUrlOf(process, databaseUrl),
          NODE_OPTIONS: `--inspect=127.0.0.1:${watched.inspectorPorts[process]}`,
        };
  const [apiUrl, bareApiUrl, workerMetricsUrl] = await Promise.all([
    startApi(stack, await environmentOf('api'), code),
    start('bare-api', script('floor/bare-api.ts'), [databaseUrl, bareTenantId, `${twinUrl}/v1`]),
    startWorker(stack, await environmentOf('worker'), code),
    start('bare-worker', script('floor/bare-worker.ts'), [stack.temporalAddress, bareTaskQueue]),
  ]);

  const connection = await Connection.connect({ address: stack.temporalAddress });
  return {
    ...{
      apiUrl,
      workerMetricsUrl,
      adminKey,
      bareApiUrl,
      twinUrl,
      databaseUrl,
      databaseOwnerUrl,
      environment,
      bareTaskQueue,
    },
    temporal: new Client({ connection }),
    async stop() {
      await connection.close();
      await stopServers();
    },
  };
}

/** Starts a script that listens on the port of its first argument; its URL. */
export async function startScript(
  stack: Stack,
  {
    name,
    file,
    args,
    env,
  }: {
    readonly name: string;
    readonly file: string;
    readonly args: readonly string[];
    readonly env: Variables;
  },
): Promise<string> {
  let url = '';
  await stack.startProcess(async () => {
    const port = await stack.choosePort(name, 0);
    url = `http://127.0.0.1:${port}`;
    return {
      name,
      executable: process.execPath,
      args: ['--import', 'tsx', file, String(port), ...args],
      env,
      cwd: root,
      isHealthy: async () => !(await isFree(port)),
      deadlineMs: 120_000,
      graceMs: 10_000,
    };
  });
  return url;
}

/** The floor's table: the columns, checks and indexes of `articles`, without policies and foreign keys. */
async function makeBareTable(ownerUrl: string, applicationUrl: string): Promise<void> {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  try {
    await owner.query('create table bare_articles (like articles including all)');
    const role = owner.escapeIdentifier(new URL(applicationUrl).username);
    await owner.query(`grant select, insert on bare_articles to ${role}`);
  } finally {
    await owner.end();
  }
}
