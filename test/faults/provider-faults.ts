import { type TwinStep, twinDimensions, twinMarker } from '../support/provider-twin.ts';
import type { Outcome } from './invariants.ts';

/** A way in which a tenant's provider fails. */
export interface ProviderFault {
  readonly name: string;
  /** What the provider does with the requests that come after the tenant's first article is embedded. */
  readonly steps: readonly TwinStep[];
  /** And with all others, until it is mended: `ok` where absent. */
  readonly otherwise?: TwinStep;
  /** The state of the article at which the search is made, and, where the fault lasts, the provider mended. */
  readonly during: string;
  readonly body?: string;
  /**
   * `slow`: mostly waits, for retries and for the breaker. `alone`: needs the machine for itself, as unpacking takes longer
   * than the time-out where many others are busy.
   */
  readonly pace?: 'slow' | 'alone';
  /** Billed answers that could not be used. */
  readonly lost?: number;
  /** How often one search, made then, asks the provider. */
  readonly searchCalls: number;
  readonly expected: Outcome;
}

const wellAround = { unknown: 0, neighbour: 'embedded', post: '201', books: 'balanced' };

/** A fault of one request: the workflow tries again, and the second answer is good. */
function once(name: string, step: TwinStep, code: string, more: Partial<ProviderFault> = {}): ProviderFault {
  const counts = code === 'provider_unavailable' || code === 'provider_timeout';
  return {
    name: `${name}, once`,
    steps: [step],
    during: `pending ${code}`,
    searchCalls: 1,
    expected: {
      ...wellAround,
      article: `pending ${code} → embedded`,
      workflow: 'COMPLETED embedded',
      calls: 2,
      billed: 1 + (more.lost ?? 0),
      ledger: 1,
      breaker: counts ? 'closed 1' : 'closed 0',
      search: '200 hybrid',
      verify: more.lost === undefined ? code : 'ok',
    },
    ...more,
  };
}

/** A fault that counts for the breaker and lasts: three calls, the breaker opens, and the probe finds it mended. */
function untilOpen(name: string, step: TwinStep, code: string): ProviderFault {
  return {
    name: `${name}, until it is mended`,
    steps: [],
    otherwise: step,
    during: 'pending circuit_open',
    pace: 'slow',
    searchCalls: 0,
    expected: {
      ...wellAround,
      article: `pending ${code} → pending circuit_open → embedded`,
      workflow: 'COMPLETED embedded',
      calls: 4,
      billed: 1,
      ledger: 1,
      breaker: 'closed 0',
      search: '200 keyword: circuit_open',
      verify: code,
    },
  };
}

/** A refusal that no retry mends. */
function forGood(
  name: string,
  step: TwinStep,
  status: 'blocked' | 'failed',
  code: string,
  searchCalls: number,
): ProviderFault {
  return {
    name,
    steps: [],
    otherwise: step,
    during: `${status} ${code}`,
    searchCalls,
    expected: {
      ...wellAround,
      article: `${status} ${code}`,
      workflow: `FAILED ${code}`,
      calls: 1,
      billed: 0,
      ledger: 0,
      breaker: 'closed 0',
      search: `200 keyword: ${code}`,
      verify: code,
    },
  };
}

const status = (number: number, headers?: Readonly<Record<string, string>>): TwinStep => ({
  kind: 'status',
  status: number,
  ...(headers === undefined ? {} : { headers }),
});
const refusal = (number: number, code: string): TwinStep => ({
  kind: 'status',
  status: number,
  body: { error: { message: `${twinMarker} of a refusal`, type: code, code } },
});
const raw = (body: unknown, headers: Readonly<Record<string, string>> = {}): TwinStep => ({
  kind: 'raw',
  body: typeof body === 'string' ? body : JSON.stringify(body),
  headers,
});
const vector = Array.from({ length: twinDimensions }, (_, index) => (index + 1) / 10);
const vectors = (...data: readonly (readonly [index: number, embedding: unknown])[]): TwinStep =>
  raw({
    object: 'list',
    data: data.map(([index, embedding]) => ({ object: 'embedding', index, embedding })),
    usage: { prompt_tokens: 7, total_tokens: 7 },
  });

const unavailable = 'provider_unavailable';
const timeout = 'provider_timeout';
const malformed = 'malformed_response';
/** Three chunks, so that an answer can say one of them twice. */
const threeChunks = [1, 2, 3]
  .map((part) => `## Part ${part}\n\n${`Words of part ${part} and no other. `.repeat(60)}`)
  .join('\n\n');

/** Every way that a provider can fail. */
export const providerFaults: readonly ProviderFault[] = [
  forGood('401', status(401), 'blocked', 'credential_rejected', 0),
  forGood('403', status(403), 'blocked', 'permission_denied', 0),
  forGood('402', status(402), 'blocked', 'quota_exhausted', 0),
  forGood('429 with a quota code', refusal(429, 'insufficient_quota'), 'blocked', 'quota_exhausted', 0),
  forGood('404', status(404), 'blocked', 'model_not_found', 1),
  forGood('400', status(400), 'failed', 'input_rejected', 1),
  forGood('413', status(413), 'failed', 'input_rejected', 1),
  forGood('422', status(422), 'failed', 'input_rejected', 1),

  once('408', status(408), timeout),
  {
    ...once('429 with Retry-After 10', status(429, { 'retry-after': '10' }), 'provider_rate_limited'),
    // The key is paused.
    searchCalls: 0,
    expected: {
      ...once('429', status(429), 'provider_rate_limited').expected,
      search: '200 keyword: provider_rate_limited',
    },
  },
  {
    ...once('429 with Retry-After 1', status(429, { 'retry-after': '1' }), 'provider_rate_limited'),
    name: '429 with Retry-After 1, four times',
    steps: Array.from({ length: 4 }, () => status(429, { 'retry-after': '1' })),
    during: 'embedded',
    expected: {
      ...once('429', status(429), 'provider_rate_limited').expected,
      calls: 5,
    },
  },
  {
    ...once('429', status(429), 'provider_rate_limited'),
    name: '429 with Retry-After of an hour',
    steps: [],
    otherwise: status(429, { 'retry-after': '3600' }),
    searchCalls: 0,
    expected: {
      ...once('429', status(429), 'provider_rate_limited').expected,
      ...{ article: 'pending provider_rate_limited', workflow: 'RUNNING', calls: 1, billed: 0, ledger: 0 },
      search: '200 keyword: provider_rate_limited',
    },
  },

  once('500', status(500), unavailable),
  {
    ...untilOpen('500', status(500), unavailable),
    expected: {
      ...untilOpen('500', status(500), unavailable).expected,
      // After two of these a plain text is sent for the article, to see whether its own is at fault. So is the breaker's probe.
      ...{ calls: 3, ledger: 2 },
    },
  },
  once('503', status(503), unavailable),
  once('529', status(529), unavailable),
  once('cut at its first byte', { kind: 'cut', after: 'byte' }, unavailable),
  untilOpen('cut at its first byte', { kind: 'cut', after: 'byte' }, unavailable),
  once('cut in its answer', { kind: 'cut', after: 'half' }, unavailable),
  once('no answer', { kind: 'hang' }, timeout),
  untilOpen('no answer', { kind: 'hang' }, timeout),
  once('a trickle', { kind: 'trickle' }, timeout),

  once('65 MB in 65 kB of gzip', { kind: 'flood', bytes: 65 * 1024 * 1024 }, malformed, { pace: 'alone' }),
  once('a web page', raw(`<html>${twinMarker}</html>`, { 'content-type': 'text/html' }), malformed),
  once('bad gzip', raw(`${twinMarker} is no gzip`, { 'content-encoding': 'gzip' }), malformed),
  once('a redirect', status(302, { location: '/v1/embeddings' }), malformed),
  once('broken JSON', raw(`{"data": [${twinMarker}`), malformed),
  once('another shape', raw({ vectors: [vector], note: twinMarker }), malformed),
  {
    ...forGood('another shape, always', raw({ note: twinMarker }), 'failed', malformed, 1),
    expected: {
      ...forGood('', raw({}), 'failed', malformed, 1).expected,
      article: `pending ${malformed} → failed ${malformed}`,
      calls: 2,
    },
  },
  once('two vectors for one text', vectors([0, vector], [1, vector]), malformed),
  once('no vector', vectors(), malformed),
  once('another dimension', { kind: 'ok', dimensions: 8 }, malformed, { lost: 1 }),
  once('null for a number', vectors([0, [...vector.slice(1), null]]), malformed),
  once('NaN for a number', raw(`{"data":[{"index":0,"embedding":[NaN]}],"note":"${twinMarker}"}`), malformed),
  once('a vector of zeros', vectors([0, vector.map(() => 0)]), malformed),
  once('one index twice', vectors([0, vector], [0, vector], [1, vector]), malformed, { body: threeChunks }),
];
