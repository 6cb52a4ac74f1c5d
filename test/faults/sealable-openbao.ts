import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { openTransit, request, type TransitAccess } from '../../src/stack/openbao-transit.ts';
import { createPortChooser } from '../../src/stack/ports.ts';
import { describeDeath, type ServiceDirs, startService } from '../../src/stack/service-process.ts';

export interface SealableOpenBao extends TransitAccess {
  readonly address: string;
  seal(): Promise<void>;
  unseal(): Promise<void>;
  stop(): Promise<void>;
}

const initialised = z.object({ root_token: z.string(), keys_base64: z.tuple([z.string()]) });

/** An OpenBao of the test's own, in memory, that can be sealed and unsealed by hand: the stack's unseals itself. */
export async function startSealableOpenBao(options: {
  readonly executable: string;
  readonly dir: string;
  readonly dirs: ServiceDirs;
}): Promise<SealableOpenBao> {
  const dir = join(options.dir, 'openbao');
  await mkdir(dir, { recursive: true });
  const port = await createPortChooser(() => undefined)('OpenBao', 0);
  const address = `http://127.0.0.1:${port}`;
  const configFile = join(dir, 'config.json');
  const listener = [{ tcp: { address: `127.0.0.1:${port}`, tls_disable: true } }];
  await writeFile(configFile, JSON.stringify({ storage: { inmem: {} }, listener, api_addr: address }));
  const start = await startService(
    {
      name: 'sealable-openbao',
      executable: options.executable,
      args: ['server', `-config=${configFile}`, '-log-level=warn'],
      env: { HOME: dir, PATH: '/usr/bin:/bin' },
      cwd: dir,
      isHealthy: async () => (await fetch(`${address}/v1/sys/init`)).ok,
      deadlineMs: 60_000,
      graceMs: 3_000,
    },
    options.dirs,
  );
  if (start.kind === 'failed') throw new Error(describeDeath(start.death));

  const { root_token: rootToken, keys_base64: keys } = initialised.parse(
    await request(address, undefined, 'PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 }),
  );
  const isActive = async () => {
    const health = await fetch(`${address}/v1/sys/health`);
    await health.arrayBuffer();
    return health.status === 200;
  };
  const unseal = async () => {
    await request(address, undefined, 'PUT', 'sys/unseal', { key: keys[0] });
    while (!(await isActive())) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await unseal();
  const access = await openTransit({
    address,
    rootToken,
    mount: 'transit',
    key: 'lorekeep',
    formerToken: undefined,
  });
  return {
    address,
    ...access,
    seal: async () => {
      await request(address, rootToken, 'PUT', 'sys/seal');
    },
    unseal,
    stop: start.process.stop,
  };
}
