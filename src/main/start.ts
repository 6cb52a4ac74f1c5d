import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { migrationSource } from '../../migrations/index.ts';
import { migrateDatabase } from '../platform/postgres/migrator.ts';
import { type ApiClient, createApiClient } from '../stack/api-client.ts';
import { applicationEnvironment, runCommand, startApi, startWorker } from '../stack/application.ts';
import { type DemoKeys, giveEmbeddingKey, openDemoTenant } from '../stack/demo-tenant.ts';
import { type Endpoints, forgetEndpoints, writeEndpoints } from '../stack/endpoints-file.ts';
import { publishSamples, waitUntilEmbedded } from '../stack/sample-articles.ts';
import { searchSamples } from '../stack/sample-search.ts';
import { createSecretFiles, randomPassword } from '../stack/secret-files.ts';
import { describeDeath } from '../stack/service-process.ts';
import { type Stack, startStack } from '../stack/stack.ts';
import { describeEndpoints, describeSearch } from '../stack/start-messages.ts';

/** `npm start`: the embedded stack, Lorekeep on it, and a tenant to look at, until Ctrl-C. */
export interface StartOptions {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Everything that it writes; without it `.stack` of this clone. */
  readonly stackDir?: string;
}

const cloneDir = join(import.meta.dirname, '..', '..', '.stack');
/** Made by the set-up, and the same for every stack. */
const venvDir = join(cloneDir, 'venv');
const embeddingDeadlineMs = 20 * 60_000;
/** npm and the terminal may both send the signal of one Ctrl-C. */
const sameKeyPressMs = 2_000;
const say = (line: string) => console.log(line);

/** Runs until a signal or a death. Answers the exit code. */
export async function start({ args, env, stackDir = cloneDir }: StartOptions): Promise<number> {
  const stop = catchStopSignals();
  let stack: Stack | undefined;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { 'no-samples': { type: 'boolean', default: false } },
    });
    say('starting the services …');
    stack = await startStack({ dir: stackDir, venvDir, mode: 'persistent', env, log: say });
    stop.afterwards();
    await forgetEndpoints(stackDir);
    const died = stack.died.then((death) => ({ kind: 'died', death }) as const);
    const asked = stop.asked.then(() => ({ kind: 'asked' }) as const);
    const introduced = introduce(stack, { env, stackDir, withSamples: !values['no-samples'] }).then(
      () => ({ kind: 'ready' }) as const,
    );
    const first = await Promise.race([introduced, died, asked]);
    const end = first.kind === 'ready' ? await Promise.race([died, asked]) : first;
    // Whoever is cut off by the end has nothing more to say.
    void introduced.catch(() => undefined);
    if (end.kind === 'died') console.error(`${describeDeath(end.death)}\nstopping the rest …`);
    await stack.stop();
    await forgetEndpoints(stackDir);
    if (end.kind === 'asked') say('stopped; the data is kept');
    return end.kind === 'died' ? 1 : 0;
  } catch (error) {
    // What fails on the way up is in words for the person who started it.
    console.error(error instanceof Error ? error.message : String(error));
    await stack?.stop();
    return 1;
  }
}

/** From running services to a tenant with something to find. */
async function introduce(
  stack: Stack,
  options: Required<Pick<StartOptions, 'env' | 'stackDir'>> & { readonly withSamples: boolean },
): Promise<void> {
  const { env, stackDir, withSamples } = options;
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
    runCommand('temporal-setup', environment),
  ]);
  say('starting the API and the worker …');
  const [apiUrl] = await Promise.all([startApi(stack, environment), startWorker(stack, environment)]);

  const api = createApiClient(apiUrl);
  const keys = await openDemoTenant({ api, adminKey, secrets, log: say });
  const isLocalModel = stack.started.includes('embedding-server');
  if (isLocalModel) await giveEmbeddingKey(api, keys.user);
  const canSearch = withSamples && (await addSamples(api, keys, isLocalModel));

  const endpoints: Endpoints = {
    apiUrl,
    docsUrl: `${apiUrl}/docs`,
    temporalAddress: stack.temporalAddress,
    temporalUiUrl: stack.temporalUiUrl ?? null,
    vaultUrl: stack.vaultAddr,
    databaseUrl: stack.databaseUrl,
    embeddingUrl: stack.embeddingUrl,
    keys,
    adminKey,
  };
  const file = await writeEndpoints(stackDir, endpoints);
  say(describeEndpoints(endpoints, relative(process.cwd(), file)));
  if (canSearch) say(describeSearch(await searchSamples(api, keys.agent)));
  say('\nCtrl-C stops everything; the data is kept.');
}

/** Publishes what is missing and waits for its vectors. Answers whether a search by meaning has something to show. */
async function addSamples(api: ApiClient, keys: DemoKeys, hasKey: boolean): Promise<boolean> {
  const added = await publishSamples(api, keys.user);
  if (added > 0) say(`published ${added} sample articles`);
  if (!hasKey) {
    say(
      'the demo tenant has no embedding key: set one with PATCH /api/v1/tenants/me/llm-config to search by meaning',
    );
    return false;
  }
  const { embedded, published, givenUp } = await waitUntilEmbedded(api, keys.user, {
    onProgress: (progress) => say(`embedding the samples: ${progress.embedded} of ${progress.published} …`),
    deadlineMs: embeddingDeadlineMs,
  });
  if (embedded < published) {
    const reasons = [...new Set(givenUp)].join(', ') || 'it takes longer than expected';
    say(`${published - embedded} of ${published} samples are not embedded (${reasons})`);
  }
  return embedded > 0;
}

/** Listens for Ctrl-C and its kin. Before there is a stack to stop, its guard ends what has started. */
function catchStopSignals(): { readonly asked: Promise<void>; afterwards(): void } {
  let canStop = false;
  let askedAtMs: number | undefined;
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        const isSameKeyPress = askedAtMs !== undefined && Date.now() - askedAtMs < sameKeyPressMs;
        if (isSameKeyPress) return;
        if (!canStop || askedAtMs !== undefined) process.exit(130);
        askedAtMs = Date.now();
        say('\nstopping …');
        resolve();
      });
    }
  });
  return {
    asked,
    afterwards: () => {
      canStop = true;
    },
  };
}
