import { setTimeout as delay } from 'node:timers/promises';
import type { ChoosePort } from './ports.ts';
import type { SecretFiles } from './secret-files.ts';
import {
  describeDeath,
  type ServiceDeath,
  type ServiceProcess,
  type ServiceSpec,
  startService,
} from './service-process.ts';
import type { Venv } from './venv.ts';

/** `persistent` survives anything and is for a person; `ephemeral` is for a test run and leaves nothing behind. */
export type StackMode = 'persistent' | 'ephemeral';

/** What each service's file needs from the stack that it is a part of. */
export interface ServiceContext {
  readonly dir: string;
  readonly venvDir: string;
  readonly venv: Venv;
  readonly mode: StackMode;
  readonly log: (line: string) => void;
  readonly secrets: SecretFiles;
  readonly choosePort: ChoosePort;
  /**
   * Starts a process that the stack will stop; throws in words when it does not become healthy. The spec is made again,
   * with other ports, when somebody takes one between choosing and listening.
   */
  startOnPorts(makeSpec: () => Promise<ServiceSpec>): Promise<ServiceProcess>;
}

export interface ServiceContextOptions
  extends Pick<ServiceContext, 'dir' | 'venvDir' | 'venv' | 'mode' | 'log' | 'secrets' | 'choosePort'> {
  readonly logsDir: string;
  readonly runDir: string;
  /** Told of each process as soon as it runs. */
  readonly onStarted: (process: ServiceProcess) => void;
}

const maxAttempts = 6;

/** Somebody took the port, or PostgreSQL's own children of before a kill are still on their way out. */
const isPassing = (death: ServiceDeath) =>
  /address already in use|could not bind|pre-existing shared memory block/i.test(death.lastLines);

export function createServiceContext(options: ServiceContextOptions): ServiceContext {
  const { logsDir, runDir, onStarted, ...shared } = options;
  const tryStart = (spec: ServiceSpec) => startService(spec, { logsDir, runDir });
  const startOnPorts = async (makeSpec: () => Promise<ServiceSpec>) => {
    for (let attempt = 1; ; attempt++) {
      const outcome = await tryStart(await makeSpec());
      if (outcome.kind === 'running') {
        onStarted(outcome.process);
        return outcome.process;
      }
      if (!isPassing(outcome.death) || attempt === maxAttempts) throw new Error(describeDeath(outcome.death));
      await delay(attempt * 250);
    }
  };
  return { ...shared, startOnPorts };
}
