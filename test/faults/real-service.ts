import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { inject } from 'vitest';
import { createPortChooser } from '../../src/stack/ports.ts';
import {
  describeDeath,
  type ServiceDirs,
  type ServiceProcess,
  startService,
} from '../../src/stack/service-process.ts';
import { openVenv } from '../../src/stack/venv.ts';
import { type CuttableLink, createCuttableLink } from '../support/cuttable-link.ts';
import { type ProviderTwin, startProviderTwin } from '../support/provider-twin.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { type SealableOpenBao, startSealableOpenBao } from './sealable-openbao.ts';

/** A request's answer as a client has it; status 0 where there was none. */
export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds
  readonly body: any;
}

export interface RealProcess {
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface RealService {
  readonly db: TestDatabase;
  /** The owner's connections, past every policy and every link. */
  readonly owner: pg.Pool;
  readonly twin: ProviderTwin;
  readonly temporal: Client;
  readonly taskQueue: string;
  readonly openBao: SealableOpenBao;
  /** Ways from the processes to their servers, which can be cut. The API goes to Temporal by one of its own. */
  readonly links: Readonly<Record<'postgres' | 'vault' | 'workerTemporal' | 'apiTemporal', CuttableLink>>;
  readonly adminKey: string;
  /** Starts `src/main/api.ts` or `worker.ts` and waits until it is healthy; requests go to the API started last. */
  start(name: 'api' | 'worker', variables?: Readonly<Record<string, string>>): Promise<RealProcess>;
  /** One request with an API key; every answer is kept. */
  call(
    apiKey: string,
    method: string,
    path: string,
    body?: unknown,
    idempotencyKey?: string,
  ): Promise<Answer>;
  /** Every provider key that was ever given to the service. */
  readonly canaries: string[];
  /** Every answer so far, head and body as text. */
  readonly answers: readonly string[];
  /** What each running process shows at /metrics. */
  scrape(): Promise<readonly string[]>;
  /** What every process has logged, those that were killed too. */
  logs(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const root = join(import.meta.dirname, '..', '..');

/** The service as real processes on real servers, with nothing of it inside the test, and the twin as its provider. */
export async function prepareRealService(): Promise<RealService> {
  const dir = await mkdtemp(join(tmpdir(), 'lorekeep-faults-'));
  const dirs: ServiceDirs = { logsDir: join(dir, 'logs'), runDir: join(dir, 'run') };
  const choosePort = createPortChooser(() => undefined);
  const db = await createTestDatabase();
  const owner = new pg.Pool({ connectionString: db.ownerUrl, max: 30 });
  // Dropping the database at the end breaks what is idle.
  owner.on('error', () => undefined);
  const twin = await startProviderTwin();
  const openBao = await startSealableOpenBao({
    executable: openVenv(inject('venvDir')).openbao,
    dir,
    dirs,
  });
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  const temporalUrl = `http://${inject('temporalAddress')}`;
  const links = {
    postgres: await createCuttableLink(db.applicationUrl),
    vault: await createCuttableLink(openBao.address),
    workerTemporal: await createCuttableLink(temporalUrl),
    apiTemporal: await createCuttableLink(temporalUrl),
  };
  const databaseUrl = new URL(db.applicationUrl);
  databaseUrl.port = new URL(links.postgres.url).port;
  const taskQueue = `faults-${Date.now().toString(36)}`;
  const adminKey = 'the-superadmin-of-the-fault-matrix';

  const running = new Map<ServiceProcess, string>();
  const logFiles: string[] = [];
  const answers: string[] = [];
  let apiUrl = '';

  return {
    ...{ db, owner, twin, openBao, links, taskQueue, adminKey, answers, canaries: [] },
    temporal: new Client({ connection, namespace: 'default' }),

    async start(name, variables = {}) {
      const port = await choosePort(name, 0);
      const url = `http://127.0.0.1:${port}`;
      const processName = `${name}-${logFiles.length}`;
      const temporal = new URL(links[name === 'api' ? 'apiTemporal' : 'workerTemporal'].url);
      const started = await startService(
        {
          name: processName,
          executable: process.execPath,
          args: ['--import', join(root, 'scripts', 'tsx.mjs'), join(root, 'src', 'main', `${name}.ts`)],
          env: {
            PATH: process.env.PATH,
            HOME: dir,
            [name === 'api' ? 'PORT' : 'METRICS_PORT']: String(port),
            DATABASE_URL: databaseUrl.href,
            TEMPORAL_ADDRESS: temporal.host,
            TEMPORAL_TASK_QUEUE: taskQueue,
            VAULT_ADDR: links.vault.url,
            VAULT_TOKEN: openBao.token,
            VAULT_TRANSIT_MOUNT: openBao.mount,
            VAULT_TRANSIT_KEY: openBao.key,
            EMBEDDING_BASE_URL: twin.baseUrl,
            ANTHROPIC_BASE_URL: twin.anthropicBaseUrl,
            EMBEDDING_DEFAULT_MODEL: 'twin-model',
            ADMIN_API_KEY: adminKey,
            WORKER_MAX_ACTIVITIES: '60',
            LOG_LEVEL: 'trace',
            ...variables,
          },
          cwd: root,
          isHealthy: async () => {
            const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
            await response.arrayBuffer();
            return response.ok;
          },
          deadlineMs: 120_000,
          graceMs: 10_000,
        },
        dirs,
      );
      if (started.kind === 'failed') throw new Error(describeDeath(started.death));
      const child = started.process;
      logFiles.push(join(dirs.logsDir, `${processName}.log`));
      running.set(child, url);
      if (name === 'api') apiUrl = url;
      return {
        async kill() {
          running.delete(child);
          process.kill(child.pid, 'SIGKILL');
          await child.died;
        },
        async stop() {
          running.delete(child);
          await child.stop();
        },
      };
    },

    async call(apiKey, method, path, body, idempotencyKey) {
      try {
        const response = await fetch(`${apiUrl}/api/v1${path}`, {
          method,
          headers: {
            authorization: `Bearer ${apiKey}`,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const text = await response.text();
        answers.push(`${method} ${path} ${response.status} ${JSON.stringify([...response.headers])} ${text}`);
        return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
      } catch {
        return { status: 0, body: undefined };
      }
    },

    scrape: () =>
      Promise.all([...running.values()].map(async (url) => (await fetch(`${url}/metrics`)).text())),
    logs: () => Promise.all(logFiles.map((file) => readFile(file, 'utf8'))),

    async close() {
      await Promise.all([...running.keys()].map((child) => child.stop()));
      await openBao.stop();
      await Promise.all(Object.values(links).map((link) => link.close()));
      await connection.close();
      await twin.close();
      await owner.end();
      await db.drop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
