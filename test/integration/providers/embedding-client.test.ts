import { once } from 'node:events';
import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, vi } from 'vitest';
import { createProviderConnections } from '../../../src/providers/wire/provider-connections.ts';
import { askClient } from '../../support/ask-client.ts';
import { factsOfProvider } from '../../support/fixtures.ts';
import {
  type ProviderTwin,
  startProviderTwin,
  type TwinStep,
  twinKey,
  twinVector,
} from '../../support/provider-twin.ts';
import { targetOf } from '../../support/targets.ts';

const it = factsOfProvider().extend('ask', ({ twin, key }) => clientOf(twin, key));
const someCost = expect.objectContaining({ kind: expect.any(String) });

const good = { data: [{ index: 0, embedding: [1, 0] }], usage: { prompt_tokens: 1 } };

describe('the embedding client', () => {
  it('gives a vector an input, in the order of the inputs', async ({ ask }) => {
    const answer = await ask({
      kind: 'raw',
      body: vectors({ index: 1, embedding: [0, 1] }, { index: 0, embedding: [1, 0] }),
    });
    expect(answer).toEqual({
      kind: 'ok',
      result: {
        vectors: [
          [1, 0],
          [0, 1],
        ],
        seen: { vectors: 'numbers', usage: 'prompt_tokens', index: true, answeredModel: null },
      },
      cost: { kind: 'told', inputTokens: 2, outputTokens: 0 },
    });
  });

  it('reads what a provider of the real shape sends', async ({ ask }) => {
    const answer = await ask({ kind: 'ok', dimensions: 4 });
    expect(answer).toMatchObject({
      kind: 'ok',
      result: { vectors: [twinVector('one', 4), twinVector('two', 4)] },
      cost: { kind: 'told', inputTokens: 2, outputTokens: 0 },
    });
  });

  it.for<[string, TwinStep, string, cause?: string]>([
    ['no JSON', { kind: 'raw', body: '<html>' }, 'malformed_response'],
    [
      'another content type',
      { kind: 'raw', body: 'ok', headers: { 'content-type': 'text/plain' } },
      'malformed_response',
    ],
    ['another shape', { kind: 'raw', body: '{"data":{}}' }, 'malformed_response'],
    ['too few vectors', { kind: 'raw', body: vectors({ index: 0, embedding: [1] }) }, 'malformed_response'],
    [
      'one index twice',
      { kind: 'raw', body: vectors({ index: 0, embedding: [1] }, { index: 0, embedding: [1] }) },
      'malformed_response',
    ],
    [
      'two dimensions',
      { kind: 'raw', body: vectors({ index: 0, embedding: [1] }, { index: 1, embedding: [1, 2] }) },
      'malformed_response',
    ],
    [
      'no number',
      { kind: 'raw', body: vectors({ index: 0, embedding: [1] }, { index: 1, embedding: [null] }) },
      'malformed_response',
    ],
    [
      'no direction',
      { kind: 'raw', body: vectors({ index: 0, embedding: [1] }, { index: 1, embedding: [0] }) },
      'malformed_response',
    ],
    [
      'a number that single precision cannot hold',
      { kind: 'raw', body: vectors({ index: 0, embedding: [1, 1] }, { index: 1, embedding: [1e300, 1] }) },
      'malformed_response',
    ],
    [
      'a vector that single precision makes nothing of',
      { kind: 'raw', body: vectors({ index: 0, embedding: [1] }, { index: 1, embedding: [1e-60] }) },
      'malformed_response',
    ],
    ['more dimensions than a column holds', { kind: 'ok', dimensions: 16_001 }, 'malformed_response'],
    ['bad gzip', { kind: 'raw', body: 'x', headers: { 'content-encoding': 'gzip' } }, 'malformed_response'],
    [
      'broken gzip',
      {
        kind: 'raw',
        body: gzipSync('{"data":[]}').toString('latin1').replace('\x1f', '\x1e'),
        headers: { 'content-encoding': 'gzip' },
      },
      'malformed_response',
    ],
    ['nothing in time', { kind: 'hang' }, 'provider_timeout'],
    ['a cut connection', { kind: 'cut', after: 'nothing' }, 'provider_unavailable', 'connection_reset'],
    ['half an answer', { kind: 'cut', after: 'half' }, 'provider_unavailable', 'connection_reset'],
    ['401', { kind: 'status', status: 401 }, 'credential_rejected'],
    [
      '401 in broken gzip',
      { kind: 'status', status: 401, body: 'x', headers: { 'content-encoding': 'gzip' } },
      'credential_rejected',
    ],
    ['401 with a flood', { kind: 'status', status: 401, body: 'x'.repeat(1_000_000) }, 'credential_rejected'],
    ['500', { kind: 'status', status: 500 }, 'provider_unavailable'],
    [
      'a spent quota',
      { kind: 'status', status: 429, body: { error: { code: 'insufficient_quota' } } },
      'quota_exhausted',
    ],
    [
      'a redirect',
      { kind: 'status', status: 302, headers: { location: 'http://127.0.0.1:1/' } },
      'malformed_response',
    ],
  ])('gives one code for %s, and nothing else', async ([_name, step, code, cause], { ask }) => {
    // The hint of some refusals is for callers inside.
    const answer = { ...(await ask(step)), hint: undefined };
    expect(answer).toEqual({ kind: 'failed', code, cost: someCost, ...(cause && { cause }) });
  });

  it('reads the code of a refusal before its status', async ({ ask }) => {
    const body = {
      error: { message: 'm', type: 'invalid_request_error', param: null, code: 'model_not_found' },
    };
    expect(await ask({ kind: 'status', status: 403, body })).toEqual({
      kind: 'failed',
      code: 'model_not_found',
      cost: { kind: 'free' },
    });
  });

  it.for<[string, TwinStep, string]>([
    [
      'an array',
      refused(400, [{ error: { details: [{ reason: 'API_KEY_INVALID' }] } }]),
      'credential_rejected',
    ],
    ['a string', refused(400, { error: 'Incorrect API key provided: xa***' }), 'credential_rejected'],
    ['the top level', refused(400, { object: 'error', type: 'invalid_model' }), 'model_not_found'],
    ['a detail', refused(400, { detail: 'Model m is not supported.' }), 'model_not_found'],
    ['a list of details', refused(403, { detail: [{ code: 'insufficient_quota' }] }), 'quota_exhausted'],
    ['plain text', refused(400, 'Invalid API key', 'text/plain'), 'credential_rejected'],
    ['a page', refused(403, '<html>no</html>', 'text/html'), 'provider_unavailable'],
  ])('reads a refusal in %s', async ([_name, step, code], { ask }) => {
    expect(await ask(step)).toMatchObject({ kind: 'failed', code });
  });

  it('hands on what a refusal says of the request, for callers inside', async ({ ask }) => {
    const body = { message: 'batch size 40 > maximum allowed batch size 32', code: 413, type: 'Validation' };
    expect(await ask({ kind: 'status', status: 413, body })).toMatchObject({
      code: 'input_rejected',
      hint: { kind: 'too_many_inputs' },
    });
  });

  it('knows a limit’s reset where there is no Retry-After', async ({ ask }) => {
    const headers = { 'x-ratelimit-reset-tokens': '1m30s', 'x-ratelimit-remaining-tokens': '0' };
    expect(await ask({ kind: 'status', status: 429, headers })).toEqual({
      kind: 'failed',
      code: 'provider_rate_limited',
      retryAfterMs: 90_000,
      cost: { kind: 'free' },
    });
  });

  it('sends the key in the vendor’s header and no other, and keeps the query string of the address', async ({
    twin,
    key,
  }) => {
    twin.speak(key, { keyHeader: 'api-key' });
    const target = targetOf('m', { baseUrl: `${twin.baseUrl}?api-version=2024-10-21` });
    const vendor = { auth: { kind: 'header', name: 'api-key' }, errorWords: {} } as const;
    const answer = await askClient(target, { apiKey: key, vendor, timeoutMs: 5_000 });
    expect(answer).toMatchObject({ kind: 'ok' });
    const [call] = twin.callsOf(key);
    expect(call?.url).toBe('/v1/embeddings?api-version=2024-10-21');
    expect(call?.headers).not.toHaveProperty('authorization');
    const bearer = await askClient(target, { apiKey: key, timeoutMs: 5_000 });
    expect(bearer).toMatchObject({ code: 'credential_rejected' });
  });

  it.for<[string, unknown, string]>([
    ['an error object', { error: { code: 'invalid_api_key', message: 'm' } }, 'credential_rejected'],
    ['an error beside vectors', { error: { type: 'insufficient_quota' }, ...good }, 'quota_exhausted'],
    ['a status in the body', { error: { code: 429, message: 'slow down' } }, 'provider_rate_limited'],
    ['an error text without a meaning', { error: 'no' }, 'malformed_response'],
    ['vectors and a base_resp without error', { base_resp: { status_code: 0 }, ...good }, 'ok'],
    [
      'a base_resp with an error',
      { base_resp: { status_code: 1004, status_msg: 'invalid api key' } },
      'credential_rejected',
    ],
  ])('reads an answer with a good status and %s', async ([_name, body, code], { ask }) => {
    const answer = await ask({ kind: 'raw', body: JSON.stringify(body) }, ['one']);
    expect(answer.kind === 'ok' ? 'ok' : answer.code).toBe(code);
  });

  it('reads no more of an answer than its vectors can weigh', async ({ ask }) => {
    const sized = (bytes: number): TwinStep => ({ kind: 'raw', body: JSON.stringify(good).padEnd(bytes) });
    expect(await ask(sized(700_000), ['one'])).toMatchObject({ kind: 'ok' });
    expect(await ask(sized(710_000), ['one'])).toMatchObject({ code: 'malformed_response' });
  });

  it('reads no answer of more parts than its vectors can have', async ({ ask }) => {
    const padded = (items: number): TwinStep => ({
      kind: 'raw',
      body: JSON.stringify({ ...good, other: Array(items).fill([]) }),
    });
    expect(await ask(padded(12_000), ['one'])).toMatchObject({ kind: 'ok' });
    expect(await ask(padded(14_000), ['one'])).toMatchObject({ code: 'malformed_response' });
  });

  it('takes nothing from the environment', async ({ twin, ask }) => {
    vi.stubEnv('OPENAI_API_KEY', 'operator-key-0000000000');
    vi.stubEnv('OPENAI_ADMIN_KEY', 'operator-admin-000000000');
    vi.stubEnv('OPENAI_ORG_ID', 'operator-org');
    vi.stubEnv('OPENAI_PROJECT_ID', 'operator-project');
    vi.stubEnv('OPENAI_BASE_URL', 'http://127.0.0.1:1');
    vi.stubEnv('OPENAI_CUSTOM_HEADERS', 'authorization: Bearer operator\nx-other: operator');
    try {
      const before = twin.calls.length;
      expect(await ask({ kind: 'ok' })).toMatchObject({ kind: 'ok' });
      expect(JSON.stringify(twin.calls[before]?.headers)).not.toContain('operator');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('does not follow a redirect with the key', async ({ twin, ask }) => {
    const before = twin.calls.length;
    await ask({ kind: 'status', status: 307, headers: { location: `${twin.baseUrl}/embeddings` } });
    expect(twin.calls.length).toBe(before + 1);
  });

  it('is not kept beyond its time-out by a trickle', async () => {
    expect(await askTrickle('200 OK', 200)).toEqual({
      kind: 'failed',
      code: 'provider_timeout',
      cost: { kind: 'unknown' },
    });
  });

  it('takes a refusal by its status though its body trickles', async () => {
    expect(await askTrickle('401 Unauthorized', 10_000)).toEqual({
      kind: 'failed',
      code: 'credential_rejected',
      cost: { kind: 'free' },
    });
  });

  it('calls a refused connection unavailable', async () => {
    const gone = await startProviderTwin();
    await gone.close();
    expect(await askOf(gone.baseUrl)).toEqual({
      kind: 'failed',
      code: 'provider_unavailable',
      cause: 'connection_refused',
      cost: { kind: 'free' },
    });
  });

  it.for([
    'http://127.0.0.1:8081/v1',
    'http://8.8.8.8/v1',
    'https://127.0.0.1/v1',
    'https://[::1]/v1',
    'https://localhost/v1',
  ])('sends nothing to %s, which a tenant may not choose', async (baseUrl) => {
    expect(await askOf(baseUrl, 'custom')).toEqual({
      kind: 'failed',
      code: 'address_forbidden',
      cost: { kind: 'free' },
    });
  });

  it('reaches the private address of a tenant only where any address is allowed', async ({ twin }) => {
    const before = twin.calls.length;
    expect(await askOf(twin.baseUrl, 'custom')).toMatchObject({ code: 'address_forbidden' });
    expect(twin.calls.length).toBe(before);
    const anywhere = createProviderConnections('any');
    expect(await askOf(twin.baseUrl, 'custom', anywhere)).toMatchObject({ kind: 'ok' });
  });
});

/** Asks this address for the vector of one text, with a key of its own. */
const askOf = (baseUrl: string, vendor = 'default', connections = createProviderConnections('public')) =>
  askClient(
    targetOf('m', { baseUrl, vendor }),
    { apiKey: twinKey(), texts: ['one'], timeoutMs: 5_000 },
    connections,
  );

/** Asks the twin for vectors with the key; it does this step with the request. */
const clientOf =
  (twin: ProviderTwin, apiKey: string) =>
  (step: TwinStep, texts: readonly string[] = ['one', 'two']) => {
    twin.script(apiKey, [step]);
    return askClient(targetOf('m', { baseUrl: twin.baseUrl }), {
      apiKey,
      texts,
      timeoutMs: step.kind === 'hang' ? 200 : 10_000,
    });
  };

const refused = (status: number, body: unknown, type = 'application/json'): TwinStep => ({
  kind: 'status',
  status,
  body,
  headers: { 'content-type': type },
});

/** The body of an answer with these vectors. */
function vectors(...data: { index: number; embedding: unknown }[]): string {
  return JSON.stringify({ data, usage: { prompt_tokens: 2 } });
}

/** Asks a server that begins an answer of this status, and then sends one blank after another. */
async function askTrickle(status: string, timeoutMs: number) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(`HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{`);
      const timer = setInterval(() => socket.write(' '), 20);
      socket.once('close', () => clearInterval(timer));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const target = targetOf('m', { baseUrl: `http://127.0.0.1:${port}/v1` });
  const answer = await askClient(target, { apiKey: twinKey(), timeoutMs });
  server.close();
  return answer;
}
