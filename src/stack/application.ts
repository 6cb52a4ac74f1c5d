import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { longestStartToCloseMs } from '../domain/operations.ts';
import type { ServiceSpec } from './service-process.ts';
import type { Stack } from './stack.ts';

type Variables = Readonly<Record<string, string | undefined>>;
type ProcessStarter = Pick<Stack, 'choosePort' | 'startProcess'>;

/** What the processes run: the built files, or the sources through the compiler. */
export type Code = 'build' | 'sources';

const isBuilt = import.meta.filename.endsWith('.js');
/** The root folder of the project. The built files are one folder deeper in it. */
export const root = join(import.meta.dirname, '..', '..', ...(isBuilt ? ['..'] : []));
const preferredApiPort = 4000;
const preferredMetricsPort = 9464;
/** Longer than the worker's own drain, which waits for a provider call under way and then closes the connections. */
const workerGraceMs = longestStartToCloseMs + 30_000;
const apiGraceMs = 30_000;

/** The environment of the API, the worker and the set-up commands: the caller's own, with the addresses of the stack. */
export function applicationEnvironment(stack: Stack, env: Variables, adminKey: string): Variables {
  const isLocalModel = stack.started.includes('embedding-server');
  const loopback = '127.0.0.1,localhost';
  return {
    // The local server computes one chunk at a time. With larger batches a search would wait too long behind them.
    ...(isLocalModel
      ? {
          EMBEDDING_DEFAULT_MODEL: 'multilingual-e5-small',
          EMBEDDING_SENDS_INPUT_TYPE: 'true',
          EMBEDDING_BATCH_CHUNKS: '1',
          // A chunk takes 0.6 s, and an author waits at most 4 s.
          GATE_MAX_CHUNKS: '3',
          WORKER_MAX_ACTIVITIES: '2',
        }
      : {}),
    ...env,
    // The API and the worker never hold the owner's login.
    DATABASE_OWNER_URL: undefined,
    DATABASE_URL: stack.databaseUrl,
    TEMPORAL_ADDRESS: stack.temporalAddress,
    VAULT_ADDR: stack.vaultAddr,
    ...(stack.vaultToken === undefined ? {} : { VAULT_TOKEN: stack.vaultToken }),
    VAULT_TRANSIT_MOUNT: stack.vaultTransitMount,
    VAULT_TRANSIT_KEY: stack.vaultTransitKey,
    EMBEDDING_BASE_URL: stack.embeddingUrl,
    ADMIN_API_KEY: adminKey,
    // The keys are on this machine only. Set explicitly, because some shells set HOST to the machine's name.
    HOST: '127.0.0.1',
    // A proxy that the caller has configured must not see requests to the loopback address.
    NO_PROXY: env.NO_PROXY ? `${env.NO_PROXY},${loopback}` : loopback,
    no_proxy: env.no_proxy ? `${env.no_proxy},${loopback}` : loopback,
  };
}

/**
 * The young objects of a request fit into a small space: with the default of 16 MB the modules of the API alone take 21 MB more when
 * they are loaded. Old objects are collected when they have grown by a third, where the default lets them double and more: under
 * load the API had 274 MB instead of 155, at the same rate. The image has the same.
 */
export const nodeOptions = ['--max-semi-space-size=4', '--heap-growing-percent=30'];

const entry = (name: string, code: Code) =>
  code === 'build'
    ? [join(root, 'dist', 'src', 'main', `${name}.js`)]
    : ['--import', join(root, 'scripts', 'tsx.mjs'), join(root, 'src', 'main', `${name}.ts`)];

/** Starts the API, waits until it answers, and returns its URL. */
export async function startApi(
  stack: ProcessStarter,
  env: Variables,
  code: Code = 'sources',
): Promise<string> {
  let url = '';
  await stack.startProcess(async () => {
    const port = await stack.choosePort('the API', Number(env.PORT) || preferredApiPort);
    url = `http://127.0.0.1:${port}`;
    return nodeProcess({
      ...{ name: 'api', code, env: { ...env, PORT: String(port) } },
      ...{ healthUrl: `${url}/healthz`, graceMs: apiGraceMs },
    });
  });
  return url;
}

/** Starts the worker, waits until it polls, and returns the URL of its metrics. */
export async function startWorker(
  stack: ProcessStarter,
  env: Variables,
  code: Code = 'sources',
): Promise<string> {
  let url = '';
  await stack.startProcess(async () => {
    const port = await stack.choosePort(
      "the worker's metrics",
      Number(env.METRICS_PORT) || preferredMetricsPort,
    );
    const base = `http://127.0.0.1:${port}`;
    url = `${base}/metrics`;
    return nodeProcess({
      ...{ name: 'worker', code, env: { ...env, METRICS_PORT: String(port) } },
      ...{ healthUrl: `${base}/readyz`, graceMs: workerGraceMs },
    });
  });
  return url;
}

interface NodeProcess {
  readonly name: 'api' | 'worker';
  readonly code: Code;
  readonly env: Variables;
  readonly healthUrl: string;
  readonly graceMs: number;
}

function nodeProcess({ name, code, env, healthUrl, graceMs }: NodeProcess): ServiceSpec {
  return {
    name,
    executable: process.execPath,
    args: [...nodeOptions, ...entry(name, code)],
    // glibc's default of eight arenas a core keeps what many threads have freed.
    env: { MALLOC_ARENA_MAX: '2', ...env },
    cwd: root,
    isHealthy: async () => {
      const response = await fetch(healthUrl, { signal: AbortSignal.timeout(2_000) });
      await response.arrayBuffer();
      return response.ok;
    },
    deadlineMs: 120_000,
    graceMs,
  };
}

/** Runs a command of `src/main` until it ends. Throws with its last output when it fails. */
export function runCommand(name: string, env: Variables, code: Code = 'sources'): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, entry(name, code), {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const read = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-4_000);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${name} ended with code ${code}:\n${output.trimEnd()}`));
    });
  });
}
