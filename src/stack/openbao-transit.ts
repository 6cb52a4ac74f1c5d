import { z } from 'zod';

/** What the service is given: enough to encrypt, decrypt and rewrap under one key, and nothing else. */
export interface TransitAccess {
  readonly token: string;
  readonly mount: string;
  readonly key: string;
}

export interface TransitSetup {
  readonly address: string;
  readonly rootToken: string;
  readonly mount: string;
  readonly key: string;
  /** The token of an earlier start, kept while it is valid. */
  readonly formerToken: string | undefined;
}

const policyName = 'lorekeep-transit';
/** A start renews it; a stack that rests for longer gets another token. */
const tokenPeriod = '768h';

const mountsBody = z.object({ data: z.record(z.string(), z.unknown()) });
const tokenBody = z.object({ auth: z.object({ client_token: z.string() }) });

/** Makes the mount, the key, the policy and a token where they are missing. Safe to repeat. */
export async function setUpTransit(setup: TransitSetup): Promise<TransitAccess> {
  const { mount, key, rootToken } = setup;
  const call = (method: string, path: string, body?: unknown) =>
    request(setup.address, rootToken, method, path, body);

  const mounts = mountsBody.parse(await call('GET', 'sys/mounts'));
  if (!(`${mount}/` in mounts.data)) await call('POST', `sys/mounts/${mount}`, { type: 'transit' });
  // Derived: each use names a context, and a ciphertext opens in that context alone. An existing key stays as it is.
  await call('POST', `${mount}/keys/${key}`, { derived: true, type: 'aes256-gcm96' });
  await call('PUT', `sys/policies/acl/${policyName}`, { policy: policy(mount, key) });

  if (setup.formerToken !== undefined && (await renew(setup.address, setup.formerToken))) {
    return { token: setup.formerToken, mount, key };
  }
  const created = tokenBody.parse(
    await call('POST', 'auth/token/create-orphan', {
      policies: [policyName],
      period: tokenPeriod,
      display_name: 'lorekeep',
    }),
  );
  return { token: created.auth.client_token, mount, key };
}

function policy(mount: string, key: string): string {
  const uses = ['encrypt', 'decrypt', 'rewrap'].map(
    (use) => `path "${mount}/${use}/${key}" { capabilities = ["update"] }`,
  );
  return [...uses, `path "${mount}/keys/${key}" { capabilities = ["read"] }`].join('\n');
}

async function renew(address: string, token: string): Promise<boolean> {
  return request(address, token, 'POST', 'auth/token/renew-self', {}).then(
    () => true,
    () => false,
  );
}

/** One call of OpenBao's HTTP API. Its failures name the call and the status, never a body, which may hold a token. */
export async function request(
  address: string,
  token: string | undefined,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const response = await fetch(`${address}/v1/${path}`, {
    method,
    headers: token === undefined ? {} : { 'X-Vault-Token': token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`OpenBao answered ${response.status} to ${method} ${path}`);
  return text === '' ? undefined : JSON.parse(text);
}
