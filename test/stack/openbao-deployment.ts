import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { setUpVault, type VaultSetUp } from '../../src/platform/vault/set-up-vault.ts';
import { createTransit, type Transit } from '../../src/platform/vault/transit.ts';
import { createPortChooser } from '../../src/stack/ports.ts';
import { type ServiceProcess, startService } from '../../src/stack/service-process.ts';
import { openVenv } from '../../src/stack/venv.ts';
import { newDir, venvDir } from './running-stack.ts';

/** What a script has left: its exit code and everything that it printed. */
interface Ran {
  readonly code: number | null;
  readonly printed: string;
}

/** The volumes of docker-compose.yml around OpenBao, its scripts, and a real server with the deployment's own configuration. */
export interface OpenBaoDeployment {
  readonly address: string;
  readonly dataDir: string;
  readonly sealKey: string;
  readonly tokenFile: string;
  readonly recoveryFile: string;
  readonly credentialsFile: string;
  /** A path in the deployment's directory. */
  at(...path: string[]): string;
  /** Runs a command of the image. */
  run(...words: string[]): Ran;
  /** Runs a script of `scripts/compose` with Node. */
  script(name: string, ...args: string[]): Ran;
  startOpenBao(): Promise<void>;
  stopOpenBao(): Promise<void>;
  /** The set-up, with the token of the file. */
  setUp(): Promise<VaultSetUp>;
  /** The transit engine as the application reaches it, with the credentials of the file. */
  application(): Transit;
  /** Stops OpenBao and removes everything. */
  remove(): Promise<void>;
}

/** The empty volumes and the configuration; nothing runs yet. */
export async function createOpenBaoDeployment(): Promise<OpenBaoDeployment> {
  const dir = newDir();
  const at = (...path: string[]) => join(dir, ...path);
  const tokenFile = at('openbao-admin', 'token.env');
  const credentialsFile = at('credentials', 'approle.env');
  const address = await writeVolumes(dir);
  const variables = (file: string) => parseEnv(readFileSync(file, 'utf8'));
  const transit = { address, mount: 'transit', key: 'lorekeep', timeoutMs: 5_000 };
  let openbao: ServiceProcess | undefined;

  const run = (...words: string[]): Ran => {
    const [command = '', ...args] = words;
    const env = { PATH: process.env.PATH ?? '', VAULT_ADDR: address };
    const { status, stdout, stderr } = spawnSync(command, args, { env, encoding: 'utf8' });
    return { code: status, printed: `${stdout}${stderr}` };
  };
  const stopOpenBao = async () => openbao?.stop();

  return {
    address,
    dataDir: at('openbao', 'data'),
    sealKey: at('openbao-seal', 'key'),
    tokenFile,
    recoveryFile: at('openbao-admin', 'recovery-key'),
    credentialsFile,
    at,
    run,
    script: (name, ...args) => run(process.execPath, `scripts/compose/${name}`, ...args),
    async startOpenBao() {
      openbao = await startServer(dir, address);
    },
    stopOpenBao,
    setUp: () =>
      setUpVault({
        ...transit,
        login: { kind: 'token', token: variables(tokenFile).VAULT_TOKEN ?? '' },
        credentialsFile,
      }),
    application() {
      const { VAULT_ROLE_ID: roleId = '', VAULT_SECRET_ID: secretId = '' } = variables(credentialsFile);
      return createTransit({ ...transit, login: { kind: 'app_role', roleId, secretId } });
    },
    async remove() {
      await stopOpenBao();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Makes the volumes, and a configuration with free ports. Answers the server's address. */
async function writeVolumes(dir: string): Promise<string> {
  for (const volume of ['openbao', 'openbao-seal', 'openbao-admin', 'credentials']) {
    await mkdir(join(dir, volume), { recursive: true });
  }
  const choosePort = createPortChooser(() => undefined);
  const port = await choosePort('OpenBao', 0);
  const clusterPort = await choosePort('OpenBao cluster', 0);
  const address = `http://127.0.0.1:${port}`;
  const configuration = (await readFile('scripts/compose/openbao.hcl', 'utf8'))
    .replaceAll('/var/lib/lorekeep', dir)
    .replace('0.0.0.0:8200', `127.0.0.1:${port}`)
    .replaceAll('127.0.0.1:8201', `127.0.0.1:${clusterPort}`)
    .replace('http://openbao:8200', address);
  await writeFile(join(dir, 'openbao.hcl'), configuration);
  return address;
}

async function startServer(dir: string, address: string): Promise<ServiceProcess> {
  const started = await startService(
    {
      name: 'openbao',
      executable: openVenv(venvDir).openbao,
      args: ['server', `-config=${join(dir, 'openbao.hcl')}`],
      env: { HOME: dir, PATH: '/usr/bin:/bin' },
      // The question that the container's health check asks.
      isHealthy: async () => (await fetch(`${address}/v1/sys/health?uninitcode=200`)).status === 200,
      deadlineMs: 60_000,
      graceMs: 10_000,
    },
    { logsDir: join(dir, 'logs'), runDir: join(dir, 'run') },
  );
  if (started.kind === 'failed') throw new Error(started.death.lastLines);
  return started.process;
}
