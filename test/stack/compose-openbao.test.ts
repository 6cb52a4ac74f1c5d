import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUpVault } from '../../src/platform/vault/set-up-vault.ts';
import { createTransit } from '../../src/platform/vault/transit.ts';
import { createPortChooser } from '../../src/stack/ports.ts';
import { type ServiceProcess, startService } from '../../src/stack/service-process.ts';
import { openVenv } from '../../src/stack/venv.ts';
import { newDir, venvDir } from './running-stack.ts';

// The one-shots of docker-compose.yml around OpenBao, in their order, on a real server with the deployment's own configuration.

const dir = newDir();
const at = (...path: string[]) => join(dir, ...path);
const dataDir = at('openbao', 'data');
const sealKey = at('openbao-seal', 'key');
const tokenFile = at('openbao-admin', 'token.env');
const recoveryFile = at('openbao-admin', 'recovery-key');
const credentialsFile = at('credentials', 'approle.env');

let address = '';
let openbao: ServiceProcess | undefined;

async function startOpenBao(): Promise<void> {
  const started = await startService(
    {
      name: 'openbao',
      executable: openVenv(venvDir).openbao,
      args: ['server', `-config=${at('openbao.hcl')}`],
      env: { HOME: dir, PATH: '/usr/bin:/bin' },
      // The question that the container's health check asks.
      isHealthy: async () => (await fetch(`${address}/v1/sys/health?uninitcode=200`)).status === 200,
      deadlineMs: 60_000,
      graceMs: 10_000,
    },
    { logsDir: at('logs'), runDir: at('run') },
  );
  if (started.kind === 'failed') throw new Error(started.death.lastLines);
  openbao = started.process;
}

/** Runs a script of the image; returns its exit code and everything that it printed. */
function run(...words: string[]): { code: number | null; printed: string } {
  const [command = '', ...args] = words;
  const env = { PATH: process.env.PATH ?? '', VAULT_ADDR: address };
  const { status, stdout, stderr } = spawnSync(command, args, { env, encoding: 'utf8' });
  return { code: status, printed: `${stdout}${stderr}` };
}

const script = (name: string, ...args: string[]) => run(process.execPath, `scripts/compose/${name}`, ...args);
const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8);
const variables = (file: string) => parseEnv(readFileSync(file, 'utf8'));

const setUp = () =>
  setUpVault({
    address,
    login: { kind: 'token', token: variables(tokenFile).VAULT_TOKEN ?? '' },
    mount: 'transit',
    key: 'lorekeep',
    credentialsFile,
    timeoutMs: 5_000,
  });

const application = () =>
  createTransit({
    address,
    login: {
      kind: 'app_role',
      roleId: variables(credentialsFile).VAULT_ROLE_ID ?? '',
      secretId: variables(credentialsFile).VAULT_SECRET_ID ?? '',
    },
    mount: 'transit',
    key: 'lorekeep',
    timeoutMs: 5_000,
  });

beforeAll(async () => {
  // The volumes.
  for (const volume of ['openbao', 'openbao-seal', 'openbao-admin', 'credentials']) {
    await mkdir(at(volume), { recursive: true });
  }
  const choosePort = createPortChooser(() => undefined);
  const port = await choosePort('OpenBao', 0);
  const clusterPort = await choosePort('OpenBao cluster', 0);
  address = `http://127.0.0.1:${port}`;
  const configuration = (await readFile('scripts/compose/openbao.hcl', 'utf8'))
    .replaceAll('/var/lib/lorekeep', dir)
    .replace('0.0.0.0:8200', `127.0.0.1:${port}`)
    .replaceAll('127.0.0.1:8201', `127.0.0.1:${clusterPort}`)
    .replace('http://openbao:8200', address);
  await writeFile(at('openbao.hcl'), configuration);
});

afterAll(async () => {
  await openbao?.stop();
  await rm(dir, { recursive: true, force: true });
});

describe("the deployment's OpenBao", () => {
  it('makes its seal key once, for its own eyes', () => {
    expect(script('seal-key.mjs', dataDir, sealKey).code).toBe(0);
    const key = readFileSync(sealKey);
    expect(key).toHaveLength(32);
    expect(modeOf(sealKey)).toBe('600');
    expect(script('seal-key.mjs', dataDir, sealKey).code).toBe(0);
    expect(readFileSync(sealKey)).toEqual(key);
  });

  it('is initialised once, prints no secret, and keeps token and recovery key in files of mode 600', async () => {
    await startOpenBao();
    const first = script('openbao-init.mjs', tokenFile, recoveryFile);
    expect(first).toMatchObject({ code: 0 });
    const { VAULT_TOKEN: token = '' } = variables(tokenFile);
    expect(token).not.toBe('');
    expect(first.printed).not.toContain(token);
    expect(first.printed).not.toContain(readFileSync(recoveryFile, 'utf8').trim());
    expect([modeOf(tokenFile), modeOf(recoveryFile)]).toEqual(['600', '600']);
    expect(script('openbao-init.mjs', tokenFile, recoveryFile)).toMatchObject({ code: 0 });
    expect(variables(tokenFile).VAULT_TOKEN).toBe(token);
  });

  it('gives the application credentials that it keeps on the next run, and others once they no longer log in', async () => {
    expect(await setUp()).toEqual({ kind: 'ready', credentials: 'issued' });
    expect(modeOf(credentialsFile)).toBe('600');
    const issued = variables(credentialsFile);
    expect(await setUp()).toEqual({ kind: 'ready', credentials: 'kept' });
    expect(variables(credentialsFile)).toEqual(issued);
    await writeFile(credentialsFile, `VAULT_ROLE_ID=${issued.VAULT_ROLE_ID}\nVAULT_SECRET_ID=revoked\n`);
    expect(await setUp()).toEqual({ kind: 'ready', credentials: 'issued' });
  });

  it('lets the application use the key for one context at a time, and do nothing else', async () => {
    const transit = application();
    const encrypted = await transit.encrypt('tenant-a/embedding', 'a key');
    if (encrypted.kind !== 'ok') throw new Error(encrypted.code);
    expect(await transit.decrypt('tenant-a/embedding', encrypted.ciphertext)).toMatchObject({
      plaintext: 'a key',
    });
    expect(await transit.decrypt('tenant-b/embedding', encrypted.ciphertext)).toMatchObject({
      code: 'key_unusable',
    });
    expect(await transit.isReady()).toBe(true);

    const { VAULT_ROLE_ID: roleId = '', VAULT_SECRET_ID: secretId = '' } = variables(credentialsFile);
    const asApplication = await setUpVault({
      address,
      login: { kind: 'app_role', roleId, secretId },
      mount: 'transit',
      key: 'lorekeep',
      timeoutMs: 5_000,
    });
    expect(asApplication).toEqual({ kind: 'refused', step: 'look for the transit engine', status: 403 });
  });

  it('opens by itself after a restart, and what was encrypted before opens again', async () => {
    const encrypted = await application().encrypt('tenant-a/embedding', 'a key');
    if (encrypted.kind !== 'ok') throw new Error(encrypted.code);
    await openbao?.stop();
    expect(await setUp()).toEqual({ kind: 'unreachable', step: 'look for the transit engine' });
    await startOpenBao();
    expect(await application().decrypt('tenant-a/embedding', encrypted.ciphertext)).toMatchObject({
      kind: 'ok',
    });
  });

  it('refuses a key of that name that is not bound to a context', async () => {
    const token = variables(tokenFile).VAULT_TOKEN ?? '';
    await fetch(`${address}/v1/transit/keys/loose`, { method: 'POST', headers: { 'X-Vault-Token': token } });
    const login = { kind: 'token', token } as const;
    const result = await setUpVault({ address, login, mount: 'transit', key: 'loose', timeoutMs: 5_000 });
    expect(result).toEqual({ kind: 'key_not_derived' });
  });

  it("hands a file's credentials to a command, and lets the environment win", () => {
    const echo = ['sh', '-c', 'echo "$VAULT_ROLE_ID"'];
    const wrapper = ['sh', 'scripts/compose/with-credentials.sh'];
    const { VAULT_ROLE_ID: roleId } = variables(credentialsFile);
    expect(run(...wrapper, credentialsFile, ...echo).printed.trim()).toBe(roleId);
    expect(run('env', 'VAULT_ROLE_ID=own', ...wrapper, credentialsFile, ...echo).printed.trim()).toBe('own');
    expect(run(...wrapper, at('no-such-file'), ...echo)).toEqual({ code: 0, printed: '\n' });
  });

  it('lets its first token be revoked, after which the set-up has nothing to do and the application works on', async () => {
    const revoke = [process.execPath, 'scripts/compose/revoke-first-token.mjs', tokenFile, recoveryFile];
    expect(run('sh', 'scripts/compose/with-credentials.sh', tokenFile, ...revoke)).toMatchObject({ code: 0 });
    expect([existsSync(tokenFile), existsSync(recoveryFile)]).toEqual([false, false]);
    expect(run('sh', 'scripts/compose/vault-setup.sh', tokenFile, credentialsFile)).toMatchObject({
      code: 0,
    });
    expect(run('sh', 'scripts/compose/vault-setup.sh', tokenFile, at('no-such-file'))).toMatchObject({
      code: 1,
    });
    expect(script('openbao-init.mjs', tokenFile, recoveryFile)).toMatchObject({ code: 0 });
    expect(await application().encrypt('tenant-a/embedding', 'a key')).toMatchObject({ kind: 'ok' });
  });
});
