import { z } from 'zod';

/** The status and parsed body of an answer. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly key: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
}

/** Sends one request to the API over HTTP, as any client does. */
export type ApiClient = (request: ApiRequest) => Promise<ApiAnswer>;

const timeoutMs = 30_000;

export function createApiClient(apiUrl: string): ApiClient {
  return async ({ method = 'GET', path, key, body, idempotencyKey }) => {
    const response = await fetch(`${apiUrl}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
}

/** Returns the body of a success. Throws, with the status and the problem's code, for any other answer. */
export function expectSuccess<T>(answer: ApiAnswer, schema: z.ZodType<T>, what: string): T {
  if (answer.status >= 200 && answer.status < 300) return schema.parse(answer.body);
  const problem = z.object({ code: z.string() }).safeParse(answer.body);
  throw new Error(`could not ${what}: ${answer.status} ${problem.success ? problem.data.code : ''}`.trim());
}
