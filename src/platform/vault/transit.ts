import vault from 'node-vault';
import { z } from 'zod';
import { createSingleFlight } from '../async/single-flight.ts';
import { withTimeout } from '../async/with-timeout.ts';

/** The credentials with which the process logs in to Vault. */
export type VaultLogin =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'app_role'; readonly roleId: string; readonly secretId: string };

export interface TransitOptions {
  readonly address: string;
  readonly login: VaultLogin;
  readonly mount: string;
  readonly key: string;
  /** For one request, from its connection to the end of its answer. */
  readonly timeoutMs: number;
}

export type Encrypted =
  | { readonly kind: 'ok'; readonly ciphertext: string }
  | { readonly kind: 'failed'; readonly code: 'vault_unavailable' };

export type Decrypted =
  | { readonly kind: 'ok'; readonly plaintext: string }
  | { readonly kind: 'failed'; readonly code: 'vault_unavailable' | 'key_unusable' };

/** A new data key: its bytes, and the form in which Vault has wrapped them. The caller wipes the bytes. */
export type NewDataKey =
  | { readonly kind: 'ok'; readonly bytes: Buffer; readonly wrapped: string }
  | { readonly kind: 'failed'; readonly code: 'vault_unavailable' };

export type UnwrappedDataKey =
  | { readonly kind: 'ok'; readonly bytes: Buffer }
  | { readonly kind: 'failed'; readonly code: 'vault_unavailable' | 'key_unusable' };

export interface Transit {
  /** Encrypts under the key derived for `context`; only the same context can decrypt it. Fails with `vault_unavailable`. */
  encrypt(context: string, plaintext: string): Promise<Encrypted>;
  /**
   * Decrypts a ciphertext. Fails with `key_unusable` when Vault refuses the ciphertext in this context, and with
   * `vault_unavailable` otherwise.
   */
  decrypt(context: string, ciphertext: string): Promise<Decrypted>;
  /** Makes a data key of 256 bits, wrapped under the key derived for `context`. Fails with `vault_unavailable`. */
  createDataKey(context: string): Promise<NewDataKey>;
  /** Opens a wrapped data key. Fails as `decrypt` does. */
  unwrapDataKey(context: string, wrapped: string): Promise<UnwrappedDataKey>;
  /** Whether Vault answers, is unsealed, and accepts the login. */
  isReady(): Promise<boolean>;
}

type Answer =
  | { readonly kind: 'ok'; readonly body: unknown }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'unreachable' };

const encryptedBody = z.object({ data: z.object({ ciphertext: z.string() }) });
const decryptedBody = z.object({ data: z.object({ plaintext: z.string() }) });
const dataKeyBody = z.object({ data: z.object({ plaintext: z.string(), ciphertext: z.string() }) });
const loginBody = z.object({ auth: z.object({ client_token: z.string() }) });

const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64');

/**
 * The transit engine of Vault or OpenBao. Every call of node-vault is made inside `call`: its errors hold the token and the
 * request's body, so only the status of an error is read, and the error itself is never stored or passed on.
 */
export function createTransit(options: TransitOptions): Transit {
  const client = vault({
    endpoint: options.address.replace(/\/$/, ''),
    ...(options.login.kind === 'token' ? { token: options.login.token } : {}),
    requestOptions: { timeout: options.timeoutMs },
    // DEBUG=node-vault would print request bodies, plaintexts included.
    debug: () => undefined,
  });

  /** The library's own limit is one on silence: an answer that trickles in would outlast it. */
  const attempt = (send: () => Promise<unknown>): Promise<Answer> =>
    withTimeout(tryToSend(send), options.timeoutMs, { kind: 'unreachable' });

  const tryToSend = async (send: () => Promise<unknown>): Promise<Answer> => {
    try {
      return { kind: 'ok', body: await send() };
    } catch (error) {
      const parsed = z.object({ response: z.object({ statusCode: z.number() }) }).safeParse(error);
      return parsed.success
        ? { kind: 'refused', status: parsed.data.response.statusCode }
        : { kind: 'unreachable' };
    }
  };

  const logIn = async (): Promise<boolean> => {
    const { login } = options;
    if (login.kind === 'token') return false;
    const answer = await attempt(() =>
      client.write('auth/approle/login', { role_id: login.roleId, secret_id: login.secretId }),
    );
    const parsed = answer.kind === 'ok' ? loginBody.safeParse(answer.body) : undefined;
    if (!parsed?.success) return false;
    client.token = parsed.data.auth.client_token;
    return true;
  };

  const loggingIn = createSingleFlight<boolean>();
  const logInOnce = () => loggingIn.run('login', logIn);

  /** Vault answers an expired token with 403: then one new login and one more attempt follow. */
  const call = async (send: () => Promise<unknown>): Promise<Answer> => {
    if (!client.token && !(await logInOnce())) return { kind: 'unreachable' };
    const answer = await attempt(send);
    if (answer.kind === 'refused' && answer.status === 403 && (await logInOnce())) return attempt(send);
    return answer;
  };

  const open = async (context: string, ciphertext: string): Promise<UnwrappedDataKey> => {
    const answer = await call(() =>
      client.write(`${options.mount}/decrypt/${options.key}`, { context: base64(context), ciphertext }),
    );
    // Only 400 is about the ciphertext; a sealed Vault answers 503, a missing right 403.
    if (answer.kind === 'refused' && answer.status === 400) return { kind: 'failed', code: 'key_unusable' };
    const parsed = answer.kind === 'ok' ? decryptedBody.safeParse(answer.body) : undefined;
    return parsed?.success
      ? { kind: 'ok', bytes: Buffer.from(parsed.data.data.plaintext, 'base64') }
      : { kind: 'failed', code: 'vault_unavailable' };
  };

  return {
    async encrypt(context, plaintext) {
      const answer = await call(() =>
        client.write(`${options.mount}/encrypt/${options.key}`, {
          context: base64(context),
          plaintext: base64(plaintext),
        }),
      );
      const parsed = answer.kind === 'ok' ? encryptedBody.safeParse(answer.body) : undefined;
      return parsed?.success
        ? { kind: 'ok', ciphertext: parsed.data.data.ciphertext }
        : { kind: 'failed', code: 'vault_unavailable' };
    },

    async decrypt(context, ciphertext) {
      const opened = await open(context, ciphertext);
      return opened.kind === 'ok' ? { kind: 'ok', plaintext: opened.bytes.toString('utf8') } : opened;
    },

    async createDataKey(context) {
      const answer = await call(() =>
        client.write(`${options.mount}/datakey/plaintext/${options.key}`, { context: base64(context) }),
      );
      const parsed = answer.kind === 'ok' ? dataKeyBody.safeParse(answer.body) : undefined;
      if (!parsed?.success) return { kind: 'failed', code: 'vault_unavailable' };
      const { plaintext, ciphertext } = parsed.data.data;
      return { kind: 'ok', bytes: Buffer.from(plaintext, 'base64'), wrapped: ciphertext };
    },

    unwrapDataKey: open,

    async isReady() {
      const answer = await call(() => client.read('auth/token/lookup-self'));
      return answer.kind === 'ok';
    },
  };
}
