import { withTimeout } from '../../platform/async/with-timeout.ts';
import { noteLimits } from './watch-sending.ts';

/**
 * An answer that cannot be used, whatever it says: larger than the limit, or encoded in a way that cannot be decoded.
 */
export class UnusableAnswer extends Error {
  override readonly name = 'UnusableAnswer';
}

export interface BoundedFetchOptions {
  readonly maxBytes: number;
  /**
   * The request headers that are sent; others are dropped. The vendors' libraries add what the process's environment
   * names (`OPENAI_CUSTOM_HEADERS`, …), but a tenant's request holds the tenant's key and nothing of the operator's.
   */
  readonly requestHeaders: readonly string[];
}

/**
 * Creates a `fetch` that reads the whole body before it returns, under the request's own signal and up to `maxBytes`. A
 * slow body cannot outlast the timeout, and a large one cannot fill the memory. Redirects are not followed. Throws
 * `UnusableAnswer`.
 */
export function createBoundedFetch({ maxBytes, requestHeaders }: BoundedFetchOptions): typeof fetch {
  return async (input, init) => {
    const given = new Headers(init?.headers);
    const headers = [...given].filter(([name]) => requestHeaders.includes(name));
    const response = await fetch(input, { ...init, headers, redirect: 'manual' });
    noteLimits(response.headers);
    const body = response.ok ? await readWithin(maxBytes, response) : await readRefusal(response);
    // A redirect's status stays readable. `new Response` takes only 200 to 599, and no body for some of them.
    const hasBody = body.length > 0 && ![204, 205, 304].includes(response.status);
    return new Response(hasBody ? body : null, {
      status: response.status,
      headers: decodedHeaders(response.headers),
    });
  };
}

/** The limits of a refusal's body. What matters in it is one word within some kilobytes, sent at once. */
const maxRefusalBytes = 64 * 1024;
const refusalTimeoutMs = 1_000;

/**
 * Reads the body of a refusal. A body that is broken, endless or slow counts as empty, because the status matters most.
 */
async function readRefusal(response: Response): Promise<Buffer> {
  const nothing = Buffer.alloc(0);
  const reading = readWithin(maxRefusalBytes, response).catch(() => nothing);
  return withTimeout(reading, refusalTimeoutMs, nothing);
}

async function readWithin(maxBytes: number, response: Response): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of response.body ?? []) {
      bytes += part.length;
      if (bytes > maxBytes) throw new UnusableAnswer();
      parts.push(part);
    }
  } catch (error) {
    throw isBadEncoding(error) ? new UnusableAnswer() : error;
  }
  return Buffer.concat(parts);
}

/** Whether zlib (gzip, deflate) or brotli failed to decode the body. */
function isBadEncoding(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^(Z_|ERR_BROTLI|ERR__ERROR)/.test(code);
}

/** Drops the headers that describe the encoding of the body, because the body is decoded already. */
function decodedHeaders(headers: Headers): Headers {
  const remaining = new Headers(headers);
  remaining.delete('content-encoding');
  remaining.delete('content-length');
  return remaining;
}
