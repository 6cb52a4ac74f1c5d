import { z } from 'zod';
import { runSetUpSteps } from '../platform/vault/set-up-steps.ts';
import { setUpTransit, type TransitKey, transitPolicyName } from '../platform/vault/set-up-transit.ts';

/** The service's access to OpenBao: a token that can use one key, and nothing else. */
export interface TransitAccess extends TransitKey {
  readonly token: string;
}

export interface TransitAccessOptions extends TransitKey {
  readonly address: string;
  readonly rootToken: string;
  /** The token of an earlier start, which is kept while it is valid. */
  readonly formerToken: string | undefined;
}

/** Each start renews the token. A stack that does not run for longer than this gets another one. */
const tokenPeriod = '768h';
const timeoutMs = 15_000;

const tokenBody = z.object({ auth: z.object({ client_token: z.string() }) });

/** Sets up the transit engine as a deployment has it, and a token for the service where there is none. Safe to repeat. */
export async function openTransit(options: TransitAccessOptions): Promise<TransitAccess> {
  const { address, rootToken, mount, key, formerToken } = options;
  const login = { kind: 'token', token: rootToken } as const;
  const result = await runSetUpSteps({ address, login, timeoutMs }, async (steps) => {
    if ((await setUpTransit(steps, { mount, key })) === 'key_not_derived')
      return { kind: 'key_not_derived' } as const;
    if (formerToken !== undefined && (await renew(address, formerToken))) {
      return { kind: 'ready', token: formerToken } as const;
    }
    const request = { policies: [transitPolicyName], period: tokenPeriod, display_name: 'lorekeep' };
    const { auth } = await steps.issue('issue a token', 'auth/token/create-orphan', request, tokenBody);
    return { kind: 'ready', token: auth.client_token } as const;
  });
  switch (result.kind) {
    case 'ready':
      return { token: result.token, mount, key };
    case 'refused':
      throw new Error(`OpenBao refused to ${result.step} (status ${result.status})`);
    case 'unreachable':
      throw new Error(`OpenBao could not be reached to ${result.step}`);
    case 'key_not_derived':
      throw new Error(`OpenBao's key ${key} is not derived: a ciphertext would open for any tenant`);
    default:
      return result satisfies never;
  }
}

async function renew(address: string, token: string): Promise<boolean> {
  return request(address, token, 'POST', 'auth/token/renew-self', {}).then(
    () => true,
    () => false,
  );
}

/** Calls OpenBao's HTTP API. A failure names the call and the status, never a body, which may hold a token. */
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
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`OpenBao answered ${response.status} to ${method} ${path}`);
  return text === '' ? undefined : JSON.parse(text);
}
