import vault from 'node-vault';
import { z } from 'zod';
import type { VaultLogin } from './transit.ts';

export interface VaultConnection {
  readonly address: string;
  readonly login: VaultLogin;
  readonly timeoutMs: number;
}

/** A set-up step that Vault refused, or for which it could not be reached. */
export type StepFailure =
  | { readonly kind: 'refused'; readonly step: string; readonly status: number }
  | { readonly kind: 'unreachable'; readonly step: string };

/** The calls of a set-up. Each names its step, for the failure that it may throw. */
export interface SetUpSteps {
  /** Whether the path exists. Vault answers 400 for a missing mount and 404 for a missing key. */
  exists(step: string, path: string): Promise<boolean>;
  read<T>(step: string, path: string, schema: z.ZodType<T>): Promise<T>;
  write(step: string, path: string, body: object): Promise<void>;
  /** Writes and returns what Vault issues: a token or a secret id. */
  issue<T>(step: string, path: string, body: object, schema: z.ZodType<T>): Promise<T>;
  /** Whether Vault accepts a write. */
  accepts(step: string, path: string, body: object): Promise<boolean>;
}

/** Holds the step and a status, and nothing of the library's error. */
class StepFailed extends Error {
  readonly failure: StepFailure;
  constructor(failure: StepFailure) {
    super(failure.step);
    this.failure = failure;
  }
}

const refusal = z.object({ response: z.object({ statusCode: z.number() }) });
const loginBody = z.object({ auth: z.object({ client_token: z.string() }) });

/** Logs in to Vault and runs the steps of a set-up. Returns their result, or the failure of the first step that failed. */
export async function runSetUpSteps<T extends { readonly kind: string }>(
  { address, login, timeoutMs }: VaultConnection,
  run: (steps: SetUpSteps) => Promise<T>,
): Promise<T | StepFailure> {
  const client = vault({
    endpoint: address.replace(/\/$/, ''),
    requestOptions: { timeout: timeoutMs },
    // DEBUG=node-vault would print request bodies.
    debug: () => undefined,
  });
  const steps = createSteps(client);
  try {
    if (login.kind === 'token') {
      client.token = login.token;
    } else {
      const credentials = { role_id: login.roleId, secret_id: login.secretId };
      const { auth } = await steps.issue('log in', 'auth/approle/login', credentials, loginBody);
      client.token = auth.client_token;
    }
    return await run(steps);
  } catch (error) {
    if (error instanceof StepFailed) return error.failure;
    throw error;
  }
}

function createSteps(client: vault.client): SetUpSteps {
  /** The errors of node-vault hold the token and the request's body, so only the status of one is read. */
  const attempt = async (step: string, send: () => Promise<unknown>): Promise<unknown> => {
    try {
      return await send();
    } catch (error) {
      const parsed = refusal.safeParse(error);
      throw new StepFailed(
        parsed.success
          ? { kind: 'refused', step, status: parsed.data.response.statusCode }
          : { kind: 'unreachable', step },
      );
    }
  };
  const succeeds = (send: Promise<unknown>, isExpected: (status: number) => boolean): Promise<boolean> =>
    send.then(
      () => true,
      (error: unknown) => {
        const failure = error instanceof StepFailed ? error.failure : undefined;
        if (failure?.kind === 'refused' && isExpected(failure.status)) return false;
        throw error;
      },
    );
  const parse = <T>(step: string, schema: z.ZodType<T>, body: unknown): T => {
    const parsed = schema.safeParse(body);
    if (!parsed.success) throw new StepFailed({ kind: 'refused', step, status: 200 });
    return parsed.data;
  };
  const read = (step: string, path: string) => attempt(step, () => client.read(path));
  const write = (step: string, path: string, body: object) => attempt(step, () => client.write(path, body));
  return {
    exists: (step, path) => succeeds(read(step, path), (status) => status === 400 || status === 404),
    read: async (step, path, schema) => parse(step, schema, await read(step, path)),
    write: async (step, path, body) => {
      await write(step, path, body);
    },
    issue: async (step, path, body, schema) => parse(step, schema, await write(step, path, body)),
    accepts: (step, path, body) => succeeds(write(step, path, body), (status) => status < 500),
  };
}
