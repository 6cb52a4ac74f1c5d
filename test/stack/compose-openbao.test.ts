import { existsSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { test as base, describe, expect } from 'vitest';
import { setUpVault } from '../../src/platform/vault/set-up-vault.ts';
import { createOpenBaoDeployment, type OpenBaoDeployment } from './openbao-deployment.ts';

// The one-shots of docker-compose.yml around OpenBao, in their order: each fact goes on from where the one before has ended.
const it = base.extend(
  'deployment',
  { scope: 'file' },
  async ({}, { onCleanup }): Promise<OpenBaoDeployment> => {
    const deployment = await createOpenBaoDeployment();
    onCleanup(() => deployment.remove());
    return deployment;
  },
);

describe("the deployment's OpenBao", () => {
  it('makes its seal key once, for its owner alone', ({ deployment: { script, dataDir, sealKey } }) => {
    expect(script('seal-key.mjs', dataDir, sealKey).code).toBe(0);
    const key = readFileSync(sealKey);
    expect(key).toHaveLength(32);
    expect(modeOf(sealKey)).toBe('600');
    expect(script('seal-key.mjs', dataDir, sealKey).code).toBe(0);
    expect(readFileSync(sealKey)).toEqual(key);
  });

  it('is initialised once, prints no secret, and keeps token and recovery key in files of mode 600', async ({
    deployment: { startOpenBao, script, tokenFile, recoveryFile },
  }) => {
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

  it('gives the application credentials that it keeps on the next run, and others once they no longer log in', async ({
    deployment: { setUp, credentialsFile },
  }) => {
    expect(await setUp()).toEqual({ kind: 'ready', credentials: 'issued' });
    expect(modeOf(credentialsFile)).toBe('600');
    const issued = variables(credentialsFile);
    expect(await setUp()).toEqual({ kind: 'ready', credentials: 'kept' });
    expect(variables(credentialsFile)).toEqual(issued);
    await writeFile(credentialsFile, `VAULT_ROLE_ID=${issued.VAULT_ROLE_ID}\nVAULT_SECRET_ID=revoked\n`);
    expect(await setUp()).toEqual({ kind: 'ready', credentials: 'issued' });
  });

  it('lets the application use the key for one context at a time, and do nothing else', async ({
    deployment: { application, credentialsFile, address },
  }) => {
    const transit = application();
    const encrypted = await transit.encrypt('tenant-a/embedding', 'a key');
    if (encrypted.kind !== 'ok') throw new Error(encrypted.code);
    expect(await transit.decrypt('tenant-a/embedding', encrypted.ciphertext)).toMatchObject({
      plaintext: 'a key',
    });
    expect(await transit.decrypt('tenant-b/embedding', encrypted.ciphertext)).toMatchObject({
      code: 'key_unusable',
    });
    const dataKey = await transit.createDataKey('tenant-a/document');
    if (dataKey.kind !== 'ok') throw new Error(dataKey.code);
    expect(await transit.unwrapDataKey('tenant-a/document', dataKey.wrapped)).toEqual({
      kind: 'ok',
      bytes: dataKey.bytes,
    });
    expect(await transit.unwrapDataKey('tenant-b/document', dataKey.wrapped)).toMatchObject({
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

  it('opens by itself after a restart, and what was encrypted before opens again', async ({
    deployment: { application, stopOpenBao, setUp, startOpenBao },
  }) => {
    const encrypted = await application().encrypt('tenant-a/embedding', 'a key');
    if (encrypted.kind !== 'ok') throw new Error(encrypted.code);
    await stopOpenBao();
    expect(await setUp()).toEqual({ kind: 'unreachable', step: 'look for the transit engine' });
    await startOpenBao();
    expect(await application().decrypt('tenant-a/embedding', encrypted.ciphertext)).toMatchObject({
      kind: 'ok',
    });
  });

  it('refuses a key of that name that is not bound to a context', async ({
    deployment: { tokenFile, address },
  }) => {
    const token = variables(tokenFile).VAULT_TOKEN ?? '';
    await fetch(`${address}/v1/transit/keys/loose`, { method: 'POST', headers: { 'X-Vault-Token': token } });
    const login = { kind: 'token', token } as const;
    const result = await setUpVault({ address, login, mount: 'transit', key: 'loose', timeoutMs: 5_000 });
    expect(result).toEqual({ kind: 'key_not_derived' });
  });

  it("hands a file's credentials to a command, and lets the environment win", ({
    deployment: { credentialsFile, run, at },
  }) => {
    const echo = ['sh', '-c', 'echo "$VAULT_ROLE_ID"'];
    const wrapper = ['sh', 'scripts/compose/with-credentials.sh'];
    const { VAULT_ROLE_ID: roleId } = variables(credentialsFile);
    expect(run(...wrapper, credentialsFile, ...echo).printed.trim()).toBe(roleId);
    expect(run('env', 'VAULT_ROLE_ID=own', ...wrapper, credentialsFile, ...echo).printed.trim()).toBe('own');
    expect(run(...wrapper, at('no-such-file'), ...echo)).toEqual({ code: 0, printed: '\n' });
  });

  it('lets its first token be revoked, after which the set-up has nothing to do and the application works on', async ({
    deployment: { tokenFile, recoveryFile, run, credentialsFile, at, script, application },
  }) => {
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

function modeOf(file: string): string {
  return (statSync(file).mode & 0o777).toString(8);
}

function variables(file: string) {
  return parseEnv(readFileSync(file, 'utf8'));
}
