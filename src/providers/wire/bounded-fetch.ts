import { fetch, type RequestInit, Response as UndiciResponse } from 'undici';
import { withTimeout } from '../../platform/async/with-timeout.ts';
import type { AllowedAddresses, Connections, ConnectionUse } from '../../platform/net/connections.ts';
import { isMisdirected, oneRequest } from '../../platform/net/one-request.ts';
import { transportCauseOf } from '../../platform/net/transport-cause.ts';
import { watchConnection } from '../../platform/net/watch-connection.ts';
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
  readonly connections: Connections;
  readonly addresses: AllowedAddresses;
}

/**
 * Creates a `fetch` that reads the whole body before it returns, under the request's own signal and up to `maxBytes`. A
 * slow body cannot outlast the timeout, and a large one cannot fill the memory. Redirects are not followed. Throws
 * `UnusableAnswer`, and `AddressForbidden` inside the error of a request whose connection may not be opened.
 */
export function createBoundedFetch(options: BoundedFetchOptions): typeof globalThis.fetch {
  const { maxBytes, requestHeaders } = options;
  return async (input, init) => {
    const given = new Headers(init?.headers);
    const headers = [...given].filter(([name]) => requestHeaders.includes(name));
    const unread = new AbortController();
    const response = await openResponse(options, urlOf(input), {
      ...(init?.method === undefined ? {} : { method: init.method }),
      signal: AbortSignal.any([unread.signal, ...(init?.signal ? [init.signal] : [])]),
      body: textOf(init?.body),
      headers,
      redirect: 'manual',
    });
    noteLimits(response.headers);
    const body = response.ok ? await readWithin(maxBytes, response) : await readRefusal(response, unread);
    // A redirect's status stays readable. `new Response` takes only 200 to 599, and no body for some of them.
    const hasBody = body.length > 0 && ![204, 205, 304].includes(response.status);
    return new Response(hasBody ? body : null, {
      status: response.status,
      headers: decodedHeaders(response.headers),
    });
  };
}

/**
 * Sends the request, and waits for the head of the answer. Where a server closes a connection that it has served before, just as
 * the next request arrives, the request is sent once more on a connection of its own: nobody refused it, and the time-out is that
 * of the first. A server that cuts a new connection has failed.
 */
async function openResponse(
  { connections, addresses }: Pick<BoundedFetchOptions, 'connections' | 'addresses'>,
  url: string,
  init: RequestInit,
): Promise<UndiciResponse> {
  const send = (use: ConnectionUse) =>
    fetch(url, { ...init, dispatcher: oneRequest(connections.dispatcher(addresses, use)) }).catch(
      (error: unknown) => {
        if (isMisdirected(error)) return new UndiciResponse(null, { status: 421 });
        throw error;
      },
    );
  return watchConnection(async (wasStale) => {
    try {
      return await send('kept');
    } catch (error) {
      const again = wasStale() && !init.signal?.aborted && transportCauseOf(error) === 'connection_reset';
      if (!again) throw error;
    }
    return send('fresh');
  });
}

/** The libraries of the vendors send text to a URL. Anything else could not be sent twice. */
function urlOf(input: Parameters<typeof globalThis.fetch>[0]): string {
  if (input instanceof Request) throw new TypeError('a request must be given as a URL');
  return String(input);
}

function textOf(body: unknown): string | null {
  if (body === undefined || body === null) return null;
  if (typeof body !== 'string') throw new TypeError('the body of a request must be text');
  return body;
}

/** The limits of a refusal's body. What matters in it is one word within some kilobytes, sent at once. */
const maxRefusalBytes = 64 * 1024;
const refusalTimeoutMs = 1_000;

/**
 * Reads the body of a refusal. A body that is broken, endless or slow counts as empty, because the status matters most. The
 * connection of a slow one is closed, or each refusal could hold one for as long as its sender likes.
 */
async function readRefusal(response: UndiciResponse, unread: AbortController): Promise<Buffer> {
  const nothing = Buffer.alloc(0);
  const reading = readWithin(maxRefusalBytes, response).catch(() => nothing);
  const body = await withTimeout(reading, refusalTimeoutMs, undefined);
  if (body === undefined) unread.abort();
  return body ?? nothing;
}

async function readWithin(maxBytes: number, response: UndiciResponse): Promise<Buffer> {
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
function decodedHeaders(headers: UndiciResponse['headers']): Headers {
  const remaining = new Headers([...headers]);
  remaining.delete('content-encoding');
  remaining.delete('content-length');
  return remaining;
}
