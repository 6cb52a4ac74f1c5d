import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { createPortChooser } from '../../src/stack/ports.ts';
import { describeDeath, type ServiceProcess, startService } from '../../src/stack/service-process.ts';

type Name = 'api' | 'worker';

export interface ServiceProcesses {
  /** Starts one on a free port, on the run's servers and with these variables. Resolves once it is healthy. */
  start(
    name: Name,
    variables: Readonly<Record<string, string>>,
  ): Promise<{ readonly process: ServiceProcess; readonly url: string }>;
  /** Everything that it has logged. */
  logOf(name: Name): Promise<string>;
  /** Stops those that still run. */
  close(): Promise<void>;
}

const root = join(import.meta.dirname, '..', '..');

/** API and worker as an operator starts them: processes, set up by their environment. */
export async function createServiceProcesses(): Promise<ServiceProcesses> {
  const dir = await mkdtemp(join(tmpdir(), 'lorekeep-processes-'));
  const running: ServiceProcess[] = [];
  return {
    async start(name, variables) {
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
            ...variables,
          },
          isHealthy: async () => (await fetch(`${url}/readyz`)).ok,
          deadlineMs: 120_000,
          graceMs: 15_000,
        },
        { logsDir: join(dir, 'logs'), runDir: join(dir, 'run') },
      );
      if (started.kind === 'failed') throw new Error(describeDeath(started.death));
      running.push(started.process);
      return { process: started.process, url };
    },
    logOf: (name) => readFile(join(dir, 'logs', `${name}.log`), 'utf8'),
    async close() {
      for (const each of running) await each.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
