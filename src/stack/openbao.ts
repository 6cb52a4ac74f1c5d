import { randomBytes } from 'node:crypto';
import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { openTransit, request, type TransitAccess } from './openbao-transit.ts';
import type { ServiceContext } from './service-context.ts';

export interface OpenBao extends TransitAccess {
  readonly address: string;
}

const preferredPort = 8200;
const rootTokenFile = 'openbao-root-token';
const serviceTokenFile = 'openbao-service-token';
const sealKeyFile = 'openbao-seal-key';

const initBody = z.object({ root_token: z.string() });

/**
 * Starts OpenBao, which unseals itself with a key in a file, and creates the transit key and the service's own token.
 * Throws with a readable message when it cannot.
 */
export async function startOpenBao(context: ServiceContext): Promise<OpenBao> {
  const { secrets } = context;
  const dir = join(context.dir, 'openbao');
  const data = join(dir, 'data');
  await setAsideUnfinished(context, data);
  await mkdir(data, { recursive: true, mode: 0o700 });
  await secrets.readOrCreate(sealKeyFile, () => randomBytes(32).toString('base64'));

  let address = '';
  await context.startOnPorts(async () => {
    const port = await context.choosePort('OpenBao', context.mode === 'persistent' ? preferredPort : 0);
    const clusterPort = await context.choosePort("OpenBao's cluster port", 0);
    address = `http://127.0.0.1:${port}`;
    const config = {
      ui: context.mode === 'persistent',
      storage:
        context.mode === 'persistent'
          ? { raft: { path: data, node_id: 'lorekeep', performance_multiplier: 1 } }
          : { inmem: {} },
      listener: [{ tcp: { address: `127.0.0.1:${port}`, tls_disable: true } }],
      api_addr: address,
      cluster_addr: `http://127.0.0.1:${clusterPort}`,
      seal: { static: { current_key_id: 'lorekeep', current_key: `file://${secrets.path(sealKeyFile)}` } },
    };
    const configFile = join(dir, 'config.json');
    await writeFile(configFile, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
    return {
      name: 'openbao',
      executable: context.venv.openbao,
      args: ['server', `-config=${configFile}`, '-log-level=warn'],
      env: { HOME: dir, PATH: '/usr/bin:/bin' },
      cwd: dir,
      isHealthy: () => isActive(context, address),
      deadlineMs: 90_000,
      graceMs: context.mode === 'persistent' ? 15_000 : 3_000,
    };
  });

  const rootToken = await secrets.read(rootTokenFile);
  if (rootToken === undefined) throw new Error('OpenBao is initialised, but its root token is not stored');
  const formerToken = await secrets.read(serviceTokenFile);
  const access = await openTransit({ address, rootToken, mount: 'transit', key: 'lorekeep', formerToken });
  if (access.token !== formerToken) await secrets.write(serviceTokenFile, access.token);
  return { address, ...access };
}

/** Whether the server is unsealed and active, which is status 200. Initialises a new server, which answers 501. */
async function isActive(context: ServiceContext, address: string): Promise<boolean> {
  const health = await fetch(`${address}/v1/sys/health`, { signal: AbortSignal.timeout(2_000) });
  await health.arrayBuffer();
  if (health.status !== 501) return health.status === 200;
  const initialised = await request(address, undefined, 'PUT', 'sys/init', {
    recovery_shares: 1,
    recovery_threshold: 1,
  });
  await context.secrets.write(rootTokenFile, initBody.parse(initialised).root_token);
  return false;
}

/**
 * Moves aside a store whose root token is missing, because it cannot be set up any more. Either its first start was
 * interrupted, and it is empty, or somebody removed the token: so the store is renamed and not deleted.
 */
async function setAsideUnfinished(context: ServiceContext, data: string): Promise<void> {
  const isThere = await stat(join(data, 'vault.db')).then(
    () => true,
    () => false,
  );
  if (!isThere || (await context.secrets.read(rootTokenFile)) !== undefined) return;
  const aside = `${data}.without-token-${Date.now()}`;
  await rename(data, aside);
  context.log(
    `the root token of OpenBao's store is missing: starting with a new store; the old one is ${aside}`,
  );
}
