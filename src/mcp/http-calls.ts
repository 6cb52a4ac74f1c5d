import { z } from 'zod';
import type { CallRoute, RouteAnswer, RouteCall } from './call-route.ts';
import { refusal } from './refusal.ts';

export interface HttpCallsDeps {
  /** The address of the API, without `/api/v1`. */
  readonly apiUrl: string;
  readonly apiKey: string;
  /** The version of this process, for the API's operators. */
  readonly version: string;
}

/** Longer than the API takes for any call. */
const timeoutMs = 60_000;
/** Far above any page of the API. What is longer comes from somebody else. */
const maxBytes = 16_000_000;

/** The parts of a problem document that an agent can use. */
const problemDocument = z.object({
  code: z.string(),
  detail: z.string().default(''),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

const unreachable = refusal('busy', 'The Lorekeep API cannot be reached at LOREKEEP_API_URL.');
const notTheApi = refusal(
  'method_not_allowed',
  'What answers at LOREKEEP_API_URL is not the Lorekeep API, or not of this version.',
);

/** Calls routes over HTTP with one API key, for an MCP server outside the API's process. */
export function createHttpCalls(deps: HttpCallsDeps): CallRoute {
  return async (call) => {
    try {
      const response = await fetch(`${deps.apiUrl}/api/v1${pathOf(call)}`, {
        method: call.method.toUpperCase(),
        headers: {
          ...call.headers,
          authorization: `Bearer ${deps.apiKey}`,
          'lorekeep-via': 'mcp',
          'user-agent': `lorekeep-mcp/${deps.version}`,
          ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        // The key goes to the configured address and to no other.
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      return await readAnswer(response);
    } catch {
      // The error can quote the address and its credentials.
      return unreachable;
    }
  };
}

function pathOf({ path, params = {}, query = {} }: RouteCall): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of value === undefined ? [] : [value].flat()) search.append(name, each);
  }
  const named = path.replace(/:([a-z_]+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  return search.size === 0 ? named : `${named}?${search}`;
}

async function readAnswer(response: Response): Promise<RouteAnswer> {
  const text = await readText(response);
  const body = text === undefined ? undefined : parseJson(text);
  if (response.ok) return body === undefined ? notTheApi : { kind: 'reply', status: response.status, body };
  const problem = problemDocument.safeParse(body);
  if (!problem.success) return notTheApi;
  const { code, detail, errors } = problem.data;
  return refusal(code, detail, { errors, retryAfter: response.headers.get('retry-after') ?? undefined });
}

/** The text of a body; undefined for one that is far too long. */
async function readText(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
