import { existsSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { parseArgs, parseEnv } from 'node:util';
import vault from 'node-vault';
import { z } from 'zod';
import { loadEnvironment } from '../config.ts';
import type { VaultLogin } from '../platform/vault/transit.ts';
import { vaultLogin } from './vault-login.ts';

export interface VaultSetUpOptions {
  readonly address: string;
  readonly login: VaultLogin;
  readonly mount: string;
  readonly key: string;
  /** Where the application's credentials are kept; without it no credentials are issued. */
  readonly credentialsFile?: string;
  readonly timeoutMs: number;
}

export type VaultSetUp =
  | { readonly kind: 'ready'; readonly credentials: 'kept' | 'issued' | 'not_asked' }
  | { readonly kind: 'refused'; readonly step: string; readonly status: number }
  | { readonly kind: 'unreachable'; readonly step: string }
  | { readonly kind: 'key_not_derived' };

/** The name of the policy and of the AppRole. */
const application = 'lorekeep';

const refusal = z.object({ response: z.object({ statusCode: z.number() }) });
const keyBody = z.object({ data: z.object({ derived: z.boolean() }) });
const roleIdBody = z.object({ data: z.object({ role_id: z.string() }) });
const secretIdBody = z.object({ data: z.object({ secret_id: z.string() }) });
const loginBody = z.object({ auth: z.object({ client_token: z.string() }) });
const credentialsFile = z.object({ VAULT_ROLE_ID: z.string().min(1), VAULT_SECRET_ID: z.string().min(1) });

/** A step that Vault did not take; holds its name and a status, nothing of the library's error. */
class StepFailed extends Error {
  readonly step: string;
  readonly status: number | undefined;
  constructor(step: string, status: number | undefined) {
    super(step);
    this.step = step;
    this.status = status;
  }
}

/** What the application may do: use the key. It can neither read, export, rotate nor delete it, nor create another. */
const policy = (mount: string, key: string) =>
  ['encrypt', 'decrypt', 'rewrap']
    .map((use) => `path "${mount}/${use}/${key}" {\n  capabilities = ["update"]\n}\n`)
    .join('');

/**
 * Enables the transit engine with a derived key, writes the application's policy and AppRole and, when asked, hands out its
 * credentials in a file of mode 0600. Safe to repeat: what is there stays, credentials that still log in are kept.
 * Returns how it went; fails with the step that Vault refused (and its status), or `key_not_derived` when a key of that name
 * exists that isn't bound to a tenant's context.
 */
export async function setUpVault(options: VaultSetUpOptions): Promise<VaultSetUp> {
  const client = vault({
    endpoint: options.address.replace(/\/$/, ''),
    requestOptions: { timeout: options.timeoutMs },
    // DEBUG=node-vault would print request bodies.
    debug: () => undefined,
  });

  // node-vault's errors hold the token and the request's body: only the status of one is read.
  const attempt = async (step: string, send: () => Promise<unknown>): Promise<unknown> => {
    try {
      return await send();
    } catch (error) {
      const parsed = refusal.safeParse(error);
      throw new StepFailed(step, parsed.success ? parsed.data.response.statusCode : undefined);
    }
  };
  const write = (step: string, path: string, body: object) => attempt(step, () => client.write(path, body));
  const read = (step: string, path: string) => attempt(step, () => client.read(path));
  /** The body, or undefined when Vault says that there is no such thing (400 for a mount, 404 for a key). */
  const find = (step: string, path: string) =>
    read(step, path).catch((error: unknown) => {
      if (error instanceof StepFailed && (error.status === 400 || error.status === 404)) return undefined;
      throw error;
    });
  const parse = <T>(step: string, schema: z.ZodType<T>, body: unknown): T => {
    const parsed = schema.safeParse(body);
    if (!parsed.success) throw new StepFailed(step, 200);
    return parsed.data;
  };
  const logIn = async (step: string, roleId: string, secretId: string) => {
    const body = await write(step, 'auth/approle/login', { role_id: roleId, secret_id: secretId });
    return parse(step, loginBody, body).auth.client_token;
  };

  const issueCredentials = async (file: string): Promise<'kept' | 'issued'> => {
    const rolePath = `auth/approle/role/${application}`;
    const roleId = parse(
      'read the role id',
      roleIdBody,
      await read('read the role id', `${rolePath}/role-id`),
    ).data.role_id;
    const stored = credentialsFile.safeParse(
      existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : undefined,
    );
    if (stored.success && stored.data.VAULT_ROLE_ID === roleId) {
      const stillValid = await logIn('try the stored credentials', roleId, stored.data.VAULT_SECRET_ID).then(
        () => true,
        (error: unknown) => {
          if (error instanceof StepFailed && error.status !== undefined && error.status < 500) return false;
          throw error;
        },
      );
      if (stillValid) return 'kept';
    }
    const step = 'issue a secret id';
    const secretId = parse(step, secretIdBody, await write(step, `${rolePath}/secret-id`, {})).data.secret_id;
    // Written beside and renamed, so that a crash leaves the old file or the new one.
    writeFileSync(`${file}.new`, `VAULT_ROLE_ID=${roleId}\nVAULT_SECRET_ID=${secretId}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return 'issued';
  };

  try {
    const { login, mount, key } = options;
    client.token = login.kind === 'token' ? login.token : await logIn('log in', login.roleId, login.secretId);

    if ((await find('look for the transit engine', `sys/mounts/${mount}`)) === undefined) {
      await write('enable the transit engine', `sys/mounts/${mount}`, { type: 'transit' });
    }
    const keyPath = `${mount}/keys/${key}`;
    if ((await find('look for the key', keyPath)) === undefined) {
      await write('create the key', keyPath, { type: 'aes256-gcm96', derived: true });
    }
    const step = 'read the key';
    if (!parse(step, keyBody, await read(step, keyPath)).data.derived) return { kind: 'key_not_derived' };

    await write('write the policy', `sys/policies/acl/${application}`, { policy: policy(mount, key) });
    if ((await find('look for AppRole', 'sys/auth/approle')) === undefined) {
      await write('enable AppRole', 'sys/auth/approle', { type: 'approle' });
    }
    await write('write the role', `auth/approle/role/${application}`, {
      token_policies: application,
      // Short, so that a token that leaks is soon worthless; the processes log in again by themselves.
      token_ttl: '20m',
      token_max_ttl: '4h',
    });
    const credentials = options.credentialsFile
      ? await issueCredentials(options.credentialsFile)
      : 'not_asked';
    return { kind: 'ready', credentials };
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    return error.status === undefined
      ? { kind: 'unreachable', step: error.step }
      : { kind: 'refused', step: error.step, status: error.status };
  }
}

/** One sentence for the operator; no value of the environment in it. */
function describe(result: VaultSetUp): string {
  switch (result.kind) {
    case 'ready':
      return `Vault is ready: transit engine, key, policy and AppRole "${application}" are there (credentials: ${result.credentials.replace('_', ' ')}).`;
    case 'refused':
      return `Vault refused to ${result.step} (status ${result.status}).`;
    case 'unreachable':
      return `Vault could not be reached to ${result.step}.`;
    case 'key_not_derived':
      return "The transit key exists but isn't derived, so a ciphertext would open for any tenant. Set VAULT_TRANSIT_KEY to another name.";
    default:
      return result satisfies never;
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { 'credentials-file': { type: 'string' } } });
  const environment = loadEnvironment('vault:setup');
  const file = values['credentials-file'];
  const result = await setUpVault({
    address: environment.VAULT_ADDR,
    login: vaultLogin(environment),
    mount: environment.VAULT_TRANSIT_MOUNT,
    key: environment.VAULT_TRANSIT_KEY,
    ...(file === undefined ? {} : { credentialsFile: file }),
    timeoutMs: 10_000,
  });
  console.log(describe(result));
  process.exitCode = result.kind === 'ready' ? 0 : 1;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === import.meta.filename) await main();
