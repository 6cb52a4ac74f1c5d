import { chmod, mkdir, readdir } from 'node:fs/promises';
import { resolve as absolute, join } from 'node:path';
import { startEmbeddingServer } from './embedding-server.ts';
import { readExternalServices } from './external-services.ts';
import { startOpenBao } from './openbao.ts';
import { type ChoosePort, createPortChooser } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { createSecretFiles } from './secret-files.ts';
import { createServiceContext, type StackMode } from './service-context.ts';
import type { ServiceDeath, ServiceProcess, ServiceSpec } from './service-process.ts';
import { lockStack } from './stack-lock.ts';
import { endStaleProcesses } from './stale-processes.ts';
import { startTemporal } from './temporal.ts';
import { openVenv } from './venv.ts';
import { startWatchdog } from './watchdog.ts';

export interface StackOptions {
  /** The stack writes only here. An ephemeral stack deletes it at the end, so it must be new or empty. */
  readonly dir: string;
  readonly venvDir: string;
  readonly mode: StackMode;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: (line: string) => void;
  readonly embeddingThreads?: number;
}

export interface Stack {
  readonly databaseOwnerUrl: string;
  readonly databaseUrl: string;
  /** The folder with the database's data; undefined when the database is given by the environment. */
  readonly databaseDir: string | undefined;
  readonly temporalAddress: string;
  readonly temporalUiUrl: string | undefined;
  readonly vaultAddr: string;
  /** Undefined for an external Vault that the service enters with an AppRole. */
  readonly vaultToken: string | undefined;
  readonly vaultTransitMount: string;
  readonly vaultTransitKey: string;
  readonly embeddingUrl: string;
  readonly temporalTestServerPath: string;
  /** The names of the services that the stack started; external ones are missing. */
  readonly started: readonly string[];
  /** Resolves when one of its processes ends although nobody stopped it. */
  readonly died: Promise<ServiceDeath>;
  /** Chooses ports that nobody uses. */
  readonly choosePort: ChoosePort;
  /**
   * Starts a process that is stopped with the stack, before its services. Calls `makeSpec` again when another process takes
   * its port meanwhile. Its death calls `onDeath`, or resolves `died` without one. Throws with a readable message when it
   * does not become healthy.
   */
  startProcess(
    makeSpec: () => Promise<ServiceSpec>,
    onDeath?: (death: ServiceDeath) => void,
  ): Promise<ServiceProcess>;
  /** Stops every process. May be called repeatedly. */
  stop(): Promise<void>;
}

const staleProcessGraceMs = 15_000;

/**
 * Starts, at the same time, the services that the environment does not name, and waits until each is healthy. When one
 * cannot start, it stops the others and throws with a readable message.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { mode, env, log } = options;
  const dir = absolute(options.dir);
  const venvDir = absolute(options.venvDir);
  const external = readExternalServices(env);
  const venv = openVenv(venvDir);
  // Others may enter it, because PostgreSQL's user must reach its own directory inside.
  await mkdir(dir, { recursive: true });
  await chmod(dir, 0o755);
  if (mode === 'ephemeral' && (await readdir(dir)).length > 0) throw new Error(`${dir} is not empty`);

  const lock = await lockStack(join(dir, 'lock'));
  const runDir = join(dir, 'run');
  await endStaleProcesses({ runDir, graceMs: staleProcessGraceMs, log });
  await mkdir(runDir, { recursive: true, mode: 0o700 });
  const watchdog = startWatchdog(runDir, mode === 'ephemeral' ? dir : undefined);

  const services: ServiceProcess[] = [];
  const processes: ServiceProcess[] = [];
  let reportDeath: (death: ServiceDeath) => void = () => undefined;
  const died = new Promise<ServiceDeath>((resolve) => {
    reportDeath = resolve;
  });
  const shared = {
    ...{ dir, venvDir, venv, mode, log, runDir },
    logsDir: join(dir, 'logs'),
    secrets: createSecretFiles(join(dir, 'secrets')),
    choosePort: createPortChooser(log),
  };
  const contextOf = (list: ServiceProcess[], onDeath: (death: ServiceDeath) => void) =>
    createServiceContext({
      ...shared,
      onStarted: (process) => {
        list.push(process);
        void process.died.then(onDeath);
      },
    });
  const context = contextOf(services, reportDeath);

  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= (async () => {
      await Promise.all(processes.map((each) => each.stop()));
      await Promise.all(services.map((each) => each.stop()));
      await lock.release();
      await watchdog.release();
    })();
    return stopped;
  };

  const starting = [
    external.database === undefined
      ? startPostgres(context).then((it) => ({ url: it.applicationUrl, ownerUrl: it.ownerUrl, dir: it.dir }))
      : { ...external.database, dir: undefined },
    external.temporalAddress === undefined
      ? startTemporal(context)
      : { address: external.temporalAddress, uiUrl: undefined },
    external.vault ?? startOpenBao(context),
    external.embeddingUrl ?? startEmbeddingServer(context, options.embeddingThreads),
  ] as const;
  try {
    const [database, temporal, vault, embeddingUrl] = await Promise.all(starting);
    return {
      databaseOwnerUrl: database.ownerUrl,
      databaseUrl: database.url,
      databaseDir: database.dir,
      temporalAddress: temporal.address,
      temporalUiUrl: temporal.uiUrl,
      vaultAddr: vault.address,
      vaultToken: vault.token,
      vaultTransitMount: vault.mount,
      vaultTransitKey: vault.key,
      embeddingUrl,
      temporalTestServerPath: venv.temporalTestServer,
      started: services.map((each) => each.name).sort(),
      died,
      choosePort: shared.choosePort,
      startProcess: async (makeSpec, onDeath = reportDeath) => {
        if (stopped) throw new Error('the stack is stopping');
        return contextOf(processes, onDeath).startOnPorts(makeSpec);
      },
      stop,
    };
  } catch (error) {
    // The other services may still be starting: wait for them, so that they are stopped too.
    await Promise.allSettled(starting);
    await stop();
    throw error;
  }
}
