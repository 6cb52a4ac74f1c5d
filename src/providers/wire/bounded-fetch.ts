import { withTimeout } from '../../platform/async/with-timeout.ts';

/** Marks an answer that cannot be used whatever it says: larger than its bound, or packed in a way that cannot be undone. */
export class UnusableAnswer extends Error {
  override readonly name = 'UnusableAnswer';
}

export interface BoundedFetchOptions {
  readonly maxBytes: number;
  /**
   * The request headers that go out. The vendors' libraries add whatever the process's environment tells them to
   * (`OPENAI_CUSTOM_HEADERS`, …): a stranger's request holds a tenant's key and nothing of the operator's.
   */
  readonly requestHeaders: readonly string[];
}

/**
 * A `fetch` that has read the whole body before it answers, under the request's own signal and within `maxBytes`: a
 * trickle cannot outlast the time-out, and a flood cannot fill the memory. Redirects are not followed.
 */
export function createBoundedFetch({ maxBytes, requestHeaders }: BoundedFetchOptions): typeof fetch {
  return async (input, init) => {
    const given = new Headers(init?.headers);
    const headers = [...given].filter(([name]) => requestHeaders.includes(name));
    const response = await fetch(input, { ...init, headers, redirect: 'manual' });
    const body = response.ok ? await readWithin(maxBytes, response) : await readRefusal(response);
    // A redirect's status stays readable; `new Response` takes 200 to 599 only, and no body for some of them.
    const hasBody = body.length > 0 && ![204, 205, 304].includes(response.status);
    return new Response(hasBody ? body : null, {
      status: response.status,
      headers: plain(response.headers),
    });
  };
}

/** A refusal says what it has to say in one word of some kilobytes, at once. */
const maxRefusalBytes = 64 * 1024;
const refusalTimeoutMs = 1_000;

/** Of a refusal the status matters: a body that is broken, endless or slow counts for an empty one. */
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
    throw isBadPacking(error) ? new UnusableAnswer() : error;
  }
  return Buffer.concat(parts);
}

/** Whether zlib (gzip, deflate) or brotli gave up on the body. */
function isBadPacking(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^(Z_|ERR_BROTLI|ERR__ERROR)/.test(code);
}

/** The body is decoded already, so the headers that describe its coding are no longer true. */
function plain(headers: Headers): Headers {
  const kept = new Headers(headers);
  kept.delete('content-encoding');
  kept.delete('content-length');
  return kept;
}
