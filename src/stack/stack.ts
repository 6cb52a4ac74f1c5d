import { chmod, mkdir, readdir } from 'node:fs/promises';
import { resolve as absolute, join } from 'node:path';
import { startEmbeddingServer } from './embedding-server.ts';
import { readGivenServices } from './external-services.ts';
import { startOpenBao } from './openbao.ts';
import { type ChoosePort, createPortChooser } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { createSecretFiles } from './secret-files.ts';
import { createServiceContext, type StackMode } from './service-context.ts';
import type { ServiceDeath, ServiceProcess, ServiceSpec } from './service-process.ts';
import { lockStack } from './stack-lock.ts';
import { endLeftOvers } from './stale-processes.ts';
import { startTemporal } from './temporal.ts';
import { openVenv } from './venv.ts';
import { startOrphanGuard } from './watchdog.ts';

export interface StackOptions {
  /** Everything the stack writes. An ephemeral one removes it when it stops, so there it must be new or empty. */
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
  /** Undefined when a given Vault is entered by an application's role instead. */
  readonly vaultToken: string | undefined;
  readonly vaultTransitMount: string;
  readonly vaultTransitKey: string;
  readonly embeddingUrl: string;
  readonly temporalTestServerPath: string;
  /** The names of the services that were started here, rather than given by the environment. */
  readonly started: readonly string[];
  /** Resolves when one of its processes ends without having been asked to. */
  readonly died: Promise<ServiceDeath>;
  /** Ports that neither the stack nor anybody else uses. */
  readonly choosePort: ChoosePort;
  /**
   * Starts one more process that is watched, recorded and stopped with the stack, and before its services. Asked for the
   * spec again when somebody took its port meanwhile. Throws in words when it does not become healthy.
   */
  startProcess(makeSpec: () => Promise<ServiceSpec>): Promise<ServiceProcess>;
  /** Stops every process. Harmless when repeated. */
  stop(): Promise<void>;
}

const leftOverGraceMs = 15_000;

/**
 * Starts the embedded services side by side, but for those whose variable is set, and waits until each is healthy.
 * Throws in words, with nothing left running, when one cannot start.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { mode, env, log } = options;
  const dir = absolute(options.dir);
  const venvDir = absolute(options.venvDir);
  const given = readGivenServices(env);
  const venv = openVenv(venvDir);
  // Others may pass through it: PostgreSQL's user must reach its own directory inside.
  await mkdir(dir, { recursive: true });
  await chmod(dir, 0o755);
  if (mode === 'ephemeral' && (await readdir(dir)).length > 0) throw new Error(`${dir} is not empty`);

  const lock = await lockStack(join(dir, 'lock'));
  const runDir = join(dir, 'run');
  await endLeftOvers({ runDir, graceMs: leftOverGraceMs, log });
  await mkdir(runDir, { recursive: true, mode: 0o700 });
  const guard = startOrphanGuard(runDir, mode === 'ephemeral' ? dir : undefined);

  const services: ServiceProcess[] = [];
  const processes: ServiceProcess[] = [];
  let tellDeath: (death: ServiceDeath) => void = () => undefined;
  const died = new Promise<ServiceDeath>((resolve) => {
    tellDeath = resolve;
  });
  const shared = {
    ...{ dir, venvDir, venv, mode, log, runDir },
    logsDir: join(dir, 'logs'),
    secrets: createSecretFiles(join(dir, 'secrets')),
    choosePort: createPortChooser(log),
  };
  const watchInto = (list: ServiceProcess[]) => (process: ServiceProcess) => {
    list.push(process);
    void process.died.then((death) => tellDeath(death));
  };
  const context = createServiceContext({ ...shared, onStarted: watchInto(services) });
  const processContext = createServiceContext({ ...shared, onStarted: watchInto(processes) });

  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= (async () => {
      await Promise.all(processes.map((each) => each.stop()));
      await Promise.all(services.map((each) => each.stop()));
      await lock.release();
      await guard.release();
    })();
    return stopped;
  };

  const starting = [
    given.database === undefined
      ? startPostgres(context).then((it) => ({ url: it.applicationUrl, ownerUrl: it.ownerUrl, dir: it.dir }))
      : { ...given.database, dir: undefined },
    given.temporalAddress === undefined
      ? startTemporal(context)
      : { address: given.temporalAddress, uiUrl: undefined },
    given.vault ?? startOpenBao(context),
    given.embeddingUrl ?? startEmbeddingServer(context, options.embeddingThreads),
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
      startProcess: processContext.startOnPorts,
      stop,
    };
  } catch (error) {
    // The others may still be on their way up: they are waited for, or they would be missed.
    await Promise.allSettled(starting);
    await stop();
    throw error;
  }
}
