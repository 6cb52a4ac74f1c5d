import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inject } from 'vitest';
import { createPortChooser } from '../../src/stack/ports.ts';
import { describeDeath, type ServiceProcess, startService } from '../../src/stack/service-process.ts';

const root = join(import.meta.dirname, '..', '..');

export interface MainProcess {
  readonly url: string;
  /** Sends SIGTERM; how the process ended, and after how long. */
  terminate(): Promise<{ readonly reason: string; readonly ms: number }>;
  readLog(): Promise<string>;
  stop(): Promise<void>;
}

export interface MainProcessOptions {
  readonly name: 'api' | 'worker';
  /** For its log and its record. */
  readonly dir: string;
  /** Beside the addresses of the run's servers. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts the API or a worker as an operator runs it, and waits until it is alive. */
export async function startMainProcess({ name, dir, env }: MainProcessOptions): Promise<MainProcess> {
  const port = await createPortChooser(() => undefined)(name, 0);
  const url = `http://127.0.0.1:${port}`;
  const started = await startService(
    {
      name,
      executable: process.execPath,
      args: ['--import', join(root, 'scripts', 'tsx.mjs'), join(root, 'src', 'main', `${name}.ts`)],
      cwd: root,
      env: {
        [name === 'api' ? 'PORT' : 'METRICS_PORT']: String(port),
        HOST: '127.0.0.1',
        TEMPORAL_ADDRESS: inject('temporalAddress'),
        VAULT_ADDR: inject('vaultAddr'),
        VAULT_TOKEN: inject('vaultToken'),
        VAULT_TRANSIT_MOUNT: inject('vaultTransitMount'),
        VAULT_TRANSIT_KEY: inject('vaultTransitKey'),
        ...env,
      },
      isHealthy: async () => (await fetch(`${url}/healthz`)).ok,
      deadlineMs: 120_000,
      graceMs: 15_000,
    },
    { logsDir: join(dir, 'logs'), runDir: join(dir, 'run') },
  );
  if (started.kind === 'failed') throw new Error(describeDeath(started.death));
  const child: ServiceProcess = started.process;

  return {
    url,
    async terminate() {
      const startedAt = performance.now();
      process.kill(child.pid, 'SIGTERM');
      const reason = await Promise.race([
        child.died.then((death) => death.reason),
        delay(90_000, `${name} did not end`, { ref: false }),
      ]);
      return { reason, ms: performance.now() - startedAt };
    },
    readLog: () => readFile(join(dir, 'logs', `${name}.log`), 'utf8'),
    stop: () => child.stop(),
  };
}
