import { gzipSync } from 'node:zlib';
import { describe, expect, vi } from 'vitest';
import { createAnthropicClient } from '../../../src/providers/anthropic/anthropic-client.ts';
import { createProviderConnections } from '../../../src/providers/wire/provider-connections.ts';
import { factsOfProvider } from '../../support/fixtures.ts';
import { type ProviderTwin, type TwinStep, twinMarker, twinMessage } from '../../support/provider-twin.ts';
import { targetOf } from '../../support/targets.ts';

const it = factsOfProvider().extend('ask', ({ twin, key }) => clientOf(twin, key));
const someCost = expect.objectContaining({ kind: expect.any(String) });

describe('the Anthropic client', () => {
  it('gives the text of the answer and what it cost', async ({ twin, key, ask }) => {
    const answer = await ask({ kind: 'ok' });
    const [call] = twin.callsOf(key);
    expect(call?.inputs).toEqual(['Be brief.', 'What is this?']);
    expect(answer).toMatchObject({ kind: 'ok', result: { text: twinMessage, stopReason: 'end_turn' } });
    expect(answer.cost.kind === 'told' && answer.cost.inputTokens + answer.cost.outputTokens).toBe(
      call?.tokens,
    );
  });

  it('says that an answer was cut off', async ({ ask }) => {
    expect(await ask({ kind: 'ok' }, { maxTokens: 1 })).toMatchObject({
      kind: 'ok',
      result: { text: 'The ', stopReason: 'max_tokens' },
      cost: { kind: 'told', outputTokens: 1 },
    });
  });

  it('joins texts, passes over other blocks, and counts what a cache cost', async ({ ask }) => {
    const content = [
      { type: 'thinking', thinking: 'hm', signature: 's' },
      { type: 'text', text: 'yes' },
      { type: 'text', text: ' and no' },
    ];
    const usage = {
      input_tokens: 3,
      output_tokens: 1,
      cache_read_input_tokens: 10,
      cache_creation_input_tokens: 5,
    };
    expect(await ask(message({ content, usage }))).toEqual({
      kind: 'ok',
      result: { text: 'yes and no', stopReason: 'end_turn' },
      cost: { kind: 'told', inputTokens: 18, outputTokens: 1 },
    });
  });

  it.for<[string, TwinStep, string]>([
    ['no JSON', { kind: 'raw', body: '<html>' }, 'malformed_response'],
    ['an error with 200', { kind: 'raw', body: '{"type":"error","error":{}}' }, 'malformed_response'],
    ['a text that is none', message({ content: [{ type: 'text', text: 7 }] }), 'malformed_response'],
    ['too much', { kind: 'raw', body: `"${'x'.repeat(9_000_000)}"` }, 'malformed_response'],
    [
      'broken gzip',
      {
        kind: 'raw',
        body: gzipSync('{"type":"message"}').toString('latin1').replace('\x1f', '\x1e'),
        headers: { 'content-encoding': 'gzip' },
      },
      'malformed_response',
    ],
    ['nothing in time', { kind: 'hang' }, 'provider_timeout'],
    ['a cut connection', { kind: 'cut', after: 'nothing' }, 'provider_unavailable'],
    ['half an answer', { kind: 'cut', after: 'half' }, 'provider_unavailable'],
    [
      'a redirect',
      { kind: 'status', status: 307, headers: { location: '/v1/messages' } },
      'malformed_response',
    ],
    ['a wrong key', refused(401, 'authentication_error'), 'credential_rejected'],
    ['a key without permission', refused(403, 'permission_error'), 'permission_denied'],
    ['a bill', refused(402, 'billing_error'), 'quota_exhausted'],
    [
      'a spent balance',
      refused(400, 'invalid_request_error', { message: 'Your credit balance is too low to go on.' }),
      'quota_exhausted',
    ],
    [
      'a spending limit',
      refused(429, 'rate_limit_error', { errorCode: 'enforced_spend_limit_reached' }),
      'quota_exhausted',
    ],
    ['an unknown model', refused(404, 'not_found_error'), 'model_not_found'],
    ['a prompt too large', refused(413, 'request_too_large'), 'input_rejected'],
    ['a bad request', refused(400, 'invalid_request_error'), 'input_rejected'],
    ['a broken server', refused(500, 'api_error'), 'provider_unavailable'],
    ['a gateway’s time-out', refused(504, 'timeout_error'), 'provider_timeout'],
    ['an overload', refused(529, 'overloaded_error'), 'provider_unavailable'],
  ])('gives one code for %s, and nothing else', async ([_name, step, code], { ask }) => {
    // The hint, of some refusals, is for callers inside.
    const cause = step.kind === 'cut' ? { cause: 'connection_reset' } : {};
    const answer = { ...(await ask(step)), hint: undefined };
    expect(answer).toEqual({ kind: 'failed', code, cost: someCost, ...cause });
  });

  it('waits out a rate limit as long as its headers say', async ({ ask }) => {
    const answer = await ask(
      refused(429, 'rate_limit_error', {
        headers: { 'retry-after': '7', 'anthropic-ratelimit-requests-reset': '2020-01-01T00:00:00Z' },
      }),
    );
    expect(answer).toEqual({
      kind: 'failed',
      code: 'provider_rate_limited',
      retryAfterMs: 7_000,
      cost: { kind: 'free' },
    });
  });

  it('asks once, even if the provider asks for a retry', async ({ twin, key, ask }) => {
    await ask(refused(503, 'api_error', { headers: { 'x-should-retry': 'true' } }));
    expect(twin.callsOf(key)).toHaveLength(1);
  });

  it('takes nothing from the environment', async ({ twin, key, ask }) => {
    vi.stubEnv('ANTHROPIC_API_KEY', 'operator-key-0000000000');
    vi.stubEnv('ANTHROPIC_AUTH_TOKEN', 'operator-token-00000000');
    vi.stubEnv('ANTHROPIC_BASE_URL', 'http://127.0.0.1:1');
    vi.stubEnv(
      'ANTHROPIC_CUSTOM_HEADERS',
      'x-api-key: operator\nauthorization: Bearer operator\nx-other: operator',
    );
    try {
      expect(await ask({ kind: 'ok' })).toMatchObject({ kind: 'ok' });
      const [call] = twin.callsOf(key);
      expect(JSON.stringify(call?.headers)).not.toContain('operator');
      expect(call?.headers).not.toHaveProperty('authorization');
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

/** Asks the twin something with the key; it does this step with the request. */
const clientOf =
  (twin: ProviderTwin, apiKey: string) =>
  (step: TwinStep, { maxTokens = 100 }: { readonly maxTokens?: number } = {}) => {
    twin.script(apiKey, [step]);
    return createAnthropicClient(createProviderConnections('public')).message({
      apiKey,
      target: targetOf('m', { baseUrl: twin.anthropicBaseUrl }),
      system: 'Be brief.',
      prompt: 'What is this?',
      ...{ maxTokens, thinking: undefined },
      timeoutMs: step.kind === 'hang' ? 200 : 10_000,
    });
  };

/** A refusal as Anthropic words one, with words of the twin’s that must not come out. */
function refused(
  status: number,
  type: string,
  more: { message?: string; errorCode?: string; headers?: Record<string, string> } = {},
): TwinStep {
  return {
    kind: 'status',
    status,
    body: {
      type: 'error',
      error: {
        type,
        message: more.message ?? `${twinMarker} no`,
        ...(more.errorCode === undefined ? {} : { details: { error_code: more.errorCode } }),
      },
      request_id: 'req_1',
    },
    ...(more.headers === undefined ? {} : { headers: more.headers }),
  };
}

/** A good answer with one change. */
function message(change: object) {
  return {
    kind: 'raw' as const,
    body: JSON.stringify({
      type: 'message',
      content: [{ type: 'text', text: 'yes' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 3, output_tokens: 1 },
      ...change,
    }),
  };
}
