import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '../../../src/stack/stack.ts';

/** Services that stand for all runs, as variables of an environment by which test runs use them. */
export interface StandingServices {
  readonly env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/** Starts the services once: starting them for each fault would take longer than most of the tests. */
export async function startStandingServices(root: string, env: NodeJS.ProcessEnv): Promise<StandingServices> {
  const stack = await startStack({
    dir: join(tmpdir(), `lorekeep-planted-stack-${process.pid}-${randomBytes(4).toString('hex')}`),
    venvDir: join(root, '.stack', 'venv'),
    mode: 'ephemeral',
    // The local model is named, so that it is not started: no test of a planted fault asks it.
    env: { ...env, EMBEDDING_BASE_URL: 'http://127.0.0.1:1' },
    log: () => undefined,
  });
  return {
    env: {
      ...env,
      DATABASE_URL: stack.databaseUrl,
      DATABASE_OWNER_URL: stack.databaseOwnerUrl,
      TEMPORAL_ADDRESS: stack.temporalAddress,
      VAULT_ADDR: stack.vaultAddr,
      VAULT_TOKEN: stack.vaultToken ?? '',
      VAULT_TRANSIT_MOUNT: stack.vaultTransitMount,
      VAULT_TRANSIT_KEY: stack.vaultTransitKey,
      EMBEDDING_BASE_URL: stack.embeddingUrl,
    },
    stop: () => stack.stop(),
  };
}
