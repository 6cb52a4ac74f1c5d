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

/** `persistent` keeps its data, for `npm start`; `ephemeral` removes everything, for a test run. */
export type StackMode = 'persistent' | 'ephemeral';

/** What the file of a service needs from the stack. */
export interface ServiceContext {
  readonly dir: string;
  readonly venvDir: string;
  readonly venv: Venv;
  readonly mode: StackMode;
  readonly log: (line: string) => void;
  readonly secrets: SecretFiles;
  readonly choosePort: ChoosePort;
  /**
   * Starts a process that the stack stops later. Calls `makeSpec` again, for other ports, when another process takes a
   * port between its choice and its use. Throws with a readable message when the process does not become healthy.
   */
  startOnPorts(makeSpec: () => Promise<ServiceSpec>): Promise<ServiceProcess>;
}

export interface ServiceContextOptions
  extends Pick<ServiceContext, 'dir' | 'venvDir' | 'venv' | 'mode' | 'log' | 'secrets' | 'choosePort'> {
  readonly logsDir: string;
  readonly runDir: string;
  /** Called with each process as soon as it is healthy. */
  readonly onStarted: (process: ServiceProcess) => void;
}

const maxAttempts = 6;

/** A port was taken meanwhile, or child processes of a killed PostgreSQL have not ended yet: worth another attempt. */
const isTransient = (death: ServiceDeath) =>
  /address already in use|could not bind|pre-existing shared memory block/i.test(death.lastLines);

/** Creates the context that the services of one stack share. */
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
      if (!isTransient(outcome.death) || attempt === maxAttempts)
        throw new Error(describeDeath(outcome.death));
      await delay(attempt * 250);
    }
  };
  return { ...shared, startOnPorts };
}
