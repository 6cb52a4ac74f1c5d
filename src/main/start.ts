import { join, relative } from 'node:path';
import { migrationSource } from '../../migrations/index.ts';
import { migrateDatabase } from '../platform/postgres/migrator.ts';
import { addSamples } from '../stack/add-samples.ts';
import { createApiClient } from '../stack/api-client.ts';
import {
  applicationEnvironment,
  type Code,
  root,
  runCommand,
  startApi,
  startWorker,
} from '../stack/application.ts';
import { giveEmbeddingKey, openDemoTenant } from '../stack/demo-tenant.ts';
import { type Endpoints, forgetEndpoints, writeEndpoints } from '../stack/endpoints-file.ts';
import { restartOnChange } from '../stack/restart-on-change.ts';
import { createRestartableProcesses } from '../stack/restartable-processes.ts';
import { searchSamples } from '../stack/sample-search.ts';
import { createSecretFiles, randomPassword } from '../stack/secret-files.ts';
import { describeDeath } from '../stack/service-process.ts';
import { type Stack, startStack } from '../stack/stack.ts';
import { describeEndpoints, describeSearch, nextSteps } from '../stack/start-messages.ts';
import { catchStopSignals } from '../stack/stop-signals.ts';
import { readStartArguments } from './start-arguments.ts';
import { explainStartFailure } from './start-failure.ts';

export interface StartOptions {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The directory of the stack. The default is `.stack` of this clone. */
  readonly stackDir?: string;
  /** What the API, the worker and the commands run. */
  readonly code: Code;
  /** Restarts the API and the worker when a source file changes. */
  readonly isDevelopment?: boolean;
}

const cloneDir = join(root, '.stack');
/** `scripts/setup.mjs` installs it once for every stack. */
const venvDir = join(cloneDir, 'venv');
const say = (line: string) => console.log(line);

/**
 * `npm start` and `npm run dev`: starts the embedded services, Lorekeep and a demo tenant, and runs until a signal comes or
 * a process dies. Returns the exit code.
 */
export async function start(options: StartOptions): Promise<number> {
  const { args, env, code, stackDir = cloneDir, isDevelopment = false } = options;
  const asked = readStartArguments(args);
  if (asked.kind !== 'start') {
    (asked.kind === 'help' ? say : console.error)(asked.text);
    return asked.kind === 'help' ? 0 : 1;
  }
  const stopSignals = catchStopSignals(say);
  let stack: Stack | undefined;
  try {
    say('starting the services …');
    stack = await startStack({ dir: stackDir, venvDir, mode: 'persistent', env, log: say });
    stopSignals.allowOrderlyStop();
    await forgetEndpoints(stackDir);
    const died = stack.died.then((death) => ({ kind: 'died', death }) as const);
    const stopping = stopSignals.asked.then(() => ({ kind: 'stopping' }) as const);
    const { withSamples } = asked;
    const introduced = introduce(stack, { env, code, stackDir, withSamples, isDevelopment }).then(
      () => ({ kind: 'ready' }) as const,
    );
    const first = await Promise.race([introduced, died, stopping]);
    const end = first.kind === 'ready' ? await Promise.race([died, stopping]) : first;
    // The end may interrupt the introduction, whose failure then means nothing.
    void introduced.catch(() => undefined);
    if (end.kind === 'died') console.error(`${describeDeath(end.death)}\nstopping the rest …`);
    await stack.stop();
    await forgetEndpoints(stackDir);
    if (end.kind === 'stopping') say('stopped; the data is kept');
    return end.kind === 'died' ? 1 : 0;
  } catch (error) {
    console.error(explainStartFailure(error, stack?.databaseDir));
    await stack?.stop();
    return 1;
  }
}

interface IntroductionOptions
  extends Required<Pick<StartOptions, 'env' | 'code' | 'stackDir' | 'isDevelopment'>> {
  readonly withSamples: boolean;
}

/** Starts Lorekeep on running services, opens the demo tenant, and prints where everything is. */
async function introduce(stack: Stack, options: IntroductionOptions): Promise<void> {
  const { env, code, stackDir, withSamples } = options;
  const secrets = createSecretFiles(join(stackDir, 'secrets'));
  const adminKey = env.ADMIN_API_KEY || (await secrets.readOrCreate('admin-api-key', randomPassword));
  const environment = applicationEnvironment(stack, env, adminKey);

  say('migrating the database, setting up Temporal …');
  await Promise.all([
    migrateDatabase({
      ownerUrl: stack.databaseOwnerUrl,
      applicationUrl: stack.databaseUrl,
      source: migrationSource,
    }),
    runCommand('temporal-setup', environment, code),
  ]);
  say('starting the API and the worker …');
  const { apiUrl, workerMetricsUrl } = await startApplication(stack, environment, options);

  const api = createApiClient(apiUrl);
  const keys = await openDemoTenant({ api, adminKey, secrets, log: say });
  const isLocalModel = stack.started.includes('embedding-server');
  if (isLocalModel) await giveEmbeddingKey(api, keys.user);

  const endpoints: Endpoints = {
    apiUrl,
    docsUrl: `${apiUrl}/docs`,
    mcpUrl: `${apiUrl}/mcp`,
    temporalAddress: stack.temporalAddress,
    temporalUiUrl: stack.temporalUiUrl ?? null,
    vaultUrl: stack.vaultAddr,
    databaseUrl: stack.databaseUrl,
    embeddingUrl: stack.embeddingUrl,
    keys,
    adminKey,
  };
  const file = await writeEndpoints(stackDir, endpoints);
  say(
    describeEndpoints(endpoints, {
      file: relative(process.cwd(), file),
      logsDir: relative(process.cwd(), join(stackDir, 'logs')),
      workerMetricsUrl,
    }),
  );
  if (withSamples) {
    const showSearch = async () => say(describeSearch(await searchSamples(api, keys.agent)));
    await addSamples({ api, keys, isLocalModel, log: say, showSearch });
  }
  say(`\n${nextSteps}`);
  if (options.isDevelopment) say('\nA changed source file restarts the API and the worker.');
  say('\nCtrl-C stops everything; the data is kept.');
}

/** Starts the API and the worker, in development so that they restart by themselves. Returns the addresses of both. */
async function startApplication(
  stack: Stack,
  environment: ReturnType<typeof applicationEnvironment>,
  { code, isDevelopment }: Pick<IntroductionOptions, 'code' | 'isDevelopment'>,
): Promise<{ readonly apiUrl: string; readonly workerMetricsUrl: string }> {
  if (!isDevelopment) {
    const [apiUrl, workerMetricsUrl] = await Promise.all([
      startApi(stack, environment, code),
      startWorker(stack, environment, code),
    ]);
    return { apiUrl, workerMetricsUrl };
  }
  const processes = createRestartableProcesses(stack, (death) =>
    console.error(`${describeDeath(death)}\nwaiting for a change …`),
  );
  const [apiUrl, workerMetricsUrl] = await Promise.all([
    startApi(processes, environment, code),
    startWorker(processes, environment, code),
  ]);
  await restartOnChange({
    root,
    processes,
    migrate: () =>
      runCommand('migrate', { ...environment, DATABASE_OWNER_URL: stack.databaseOwnerUrl }, code),
    log: say,
  });
  return { apiUrl, workerMetricsUrl };
}
