import { setTimeout as delay } from 'node:timers/promises';
import { Agent, type Dispatcher, request } from 'undici';
import type { TransportCause } from '../../domain/transport-cause.ts';
import { isAddressForbidden } from './address-forbidden.ts';
import { isPublicAddress } from './address-policy.ts';
import { createCheckedConnector } from './checked-connector.ts';
import { readDocumentAddress } from './document-address.ts';
import { acceptedEncodings, readResponse } from './read-response.ts';
import type { ResolveName } from './resolve-name.ts';
import { transportCauseOf } from './transport-cause.ts';

/** What a fetch of an address that a stranger gave brought. */
export type Fetched =
  | {
      readonly kind: 'fetched';
      /** Decoded, at most `maxBytes`. */
      readonly bytes: Uint8Array;
      /** The `Content-Type` header; null without one. */
      readonly contentType: string | null;
      /** The address that answered, after redirects. */
      readonly url: string;
    }
  | { readonly kind: 'failed'; readonly code: 'url_forbidden' | 'url_unreachable' | 'document_too_large' };

/** Fetches addresses that strangers gave. */
export interface SafeFetch {
  /**
   * Gets the bytes at an address. Every hop and every address is checked when it is connected to. Never throws: a fetch that its
   * signal ends is `url_unreachable`.
   */
  fetch(url: string, signal?: AbortSignal): Promise<Fetched>;
}

export interface SafeFetchDeps {
  readonly resolve: ResolveName;
  /** The version of the service, which is told to each server. */
  readonly version: string;
  /** By default every public address. For tests. */
  readonly isAllowed?: (ip: string) => boolean;
  /** The certificate authorities to trust, by default those of Node.js. */
  readonly authorities?: readonly string[];
  readonly limits?: Partial<FetchLimits>;
}

export interface FetchLimits {
  readonly maxBytes: number;
  /** For everything: names, connections, redirects, the second try and the body. */
  readonly timeoutMs: number;
  /** The wait before the second try, where the server names none. */
  readonly pauseMs: number;
}

/** A hundred pages of text with their markup are below 2 MB; most PDF files with text, too. */
const defaultLimits: FetchLimits = { maxBytes: 5 * 1024 * 1024, timeoutMs: 15_000, pauseMs: 1_000 };

const maxRedirects = 3;
const maxHeaderBytes = 16 * 1024;
/** Part of the whole time, so that a name with one dead address is not given up. */
const connectTimeoutMs = 5_000;
/** A server that names a longer wait is left alone. */
const longestPauseMs = 5_000;

const redirects: readonly number[] = [301, 302, 303, 307, 308];
/** Refusals that often pass within a second: the rest says that the document is not there, and would say it again. */
const passing: readonly number[] = [429, 502, 503, 504];
/** The network or the server may have had a bad moment. A wrong certificate stays wrong, and a name unknown. */
const passingCauses: readonly TransportCause[] = [
  'connection_refused',
  'connection_reset',
  'connect_timeout',
];

/** The kinds of documents that are read, and the rest, because many servers name a kind wrongly. */
const accept =
  'text/markdown, text/html, application/xhtml+xml, text/plain;q=0.9, application/pdf;q=0.9, application/vnd.openxmlformats-officedocument.wordprocessingml.document;q=0.9, */*;q=0.1';

/** What one try brought; `again` is worth a second one. */
type Tried = Fetched | { readonly kind: 'again'; readonly afterMs: number };

const failed = (code: Extract<Fetched, { kind: 'failed' }>['code']): Fetched => ({ kind: 'failed', code });

/**
 * Creates the fetch. Each has connections of its own, which end with it (one that is being made, with the time for that), so that no
 * server holds anything of this process for longer. It sends no cookie, no referrer and no credential, and nothing of what the
 * server says leaves it but the document.
 */
export function createSafeFetch(deps: SafeFetchDeps): SafeFetch {
  const { resolve, version, isAllowed = isPublicAddress, authorities } = deps;
  const limits = { ...defaultLimits, ...deps.limits };
  const connect = createCheckedConnector({
    ...{ resolve, isAllowed, protocols: ['http:', 'https:'] },
    options: { timeout: connectTimeoutMs, ...(authorities === undefined ? {} : { ca: [...authorities] }) },
  });
  const headers = { 'user-agent': `Lorekeep/${version}`, accept, 'accept-encoding': acceptedEncodings };

  const fetchWithin = async (address: URL, signal: AbortSignal): Promise<Fetched> => {
    // No pipelining means that a connection is closed after its one request; the times are those of the signal.
    const agent = new Agent({
      ...{ connect, pipelining: 0, maxHeaderSize: maxHeaderBytes, headersTimeout: 0, bodyTimeout: 0 },
    });
    const ask = (url: URL) => request(url, { dispatcher: agent, headers, signal });
    try {
      const first = await followed(address, ask, limits, signal);
      if (first.kind !== 'again') return first;
      await delay(first.afterMs, undefined, { signal });
      const second = await followed(address, ask, limits, signal);
      return second.kind === 'again' ? failed('url_unreachable') : second;
    } finally {
      void agent.destroy().catch(() => undefined);
    }
  };

  return {
    async fetch(url, signal) {
      try {
        const address = readDocumentAddress(url);
        if (address === undefined) return failed('url_forbidden');
        const within = AbortSignal.timeout(limits.timeoutMs);
        return await fetchWithin(address, signal === undefined ? within : AbortSignal.any([signal, within]));
      } catch {
        return failed('url_unreachable');
      }
    },
  };
}

/** Asks an address and those that its redirects name, and reads the document. Rejects when the time is over. */
async function followed(
  address: URL,
  ask: (url: URL) => Promise<Dispatcher.ResponseData>,
  limits: FetchLimits,
  signal: AbortSignal,
): Promise<Tried> {
  let url = address;
  for (let hop = 0; hop <= maxRedirects; hop += 1) {
    const answer = await ask(url).catch((error: unknown) => withoutAnswer(error, limits));
    if ('kind' in answer) return answer;
    if (!redirects.includes(answer.statusCode)) return read(url, answer, limits, signal);
    discard(answer);
    const location = answer.headers.location;
    if (typeof location !== 'string') break;
    const next = readDocumentAddress(location, url);
    if (next === undefined) return failed('url_forbidden');
    url = next;
  }
  return failed('url_unreachable');
}

function withoutAnswer(error: unknown, { pauseMs }: FetchLimits): Tried {
  if (isAddressForbidden(error)) return failed('url_forbidden');
  const isWorthIt = passingCauses.includes(transportCauseOf(error));
  return isWorthIt ? { kind: 'again', afterMs: pauseMs } : failed('url_unreachable');
}

async function read(
  url: URL,
  answer: Dispatcher.ResponseData,
  { maxBytes, pauseMs }: FetchLimits,
  signal: AbortSignal,
): Promise<Tried> {
  const { statusCode, headers, body } = answer;
  if (statusCode !== 200) {
    discard(answer);
    const afterMs = headers['retry-after'] === undefined ? pauseMs : Number(headers['retry-after']) * 1_000;
    const isWorthIt = passing.includes(statusCode) && afterMs >= 0 && afterMs <= longestPauseMs;
    return isWorthIt ? { kind: 'again', afterMs } : failed('url_unreachable');
  }
  if (Number(headers['content-length'] ?? 0) > maxBytes) {
    discard(answer);
    return failed('document_too_large');
  }
  const encoding = String(headers['content-encoding'] ?? '');
  const response = await readResponse(body, { encoding, maxBytes, signal });
  switch (response.kind) {
    case 'read': {
      const contentType = headers['content-type'];
      const named = typeof contentType === 'string' ? contentType : null;
      return { kind: 'fetched', bytes: response.bytes, contentType: named, url: url.href };
    }
    case 'too_large':
      return failed('document_too_large');
    case 'undecodable':
      discard(answer);
      return failed('url_unreachable');
    default:
      return response satisfies never;
  }
}

/** Reads no more of an answer. Its body ends with an error, which says nothing. */
function discard({ body }: Dispatcher.ResponseData): void {
  body.on('error', () => undefined).destroy();
}
