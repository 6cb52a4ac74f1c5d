import { randomUUID } from 'node:crypto';
import { describe, expect, vi } from 'vitest';
import { z } from 'zod';
import type { FailureCode } from '../../../src/domain/failures.ts';
import type { AskCall } from '../../../src/providers/anthropic/guarded-anthropic.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { type TwinStep, twinKey, twinMarker } from '../../support/provider-twin.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

// Questions whose answer has a schema, on a real Postgres and a real OpenBao; Anthropic is the twin.
const it = factsOfServices(({ twin }) => ({
  ...{ ANTHROPIC_BASE_URL: twin.anthropicBaseUrl, ANTHROPIC_WORKFLOW_TIMEOUT_MS: '5000' },
})).extend('anthropic', ({ test, key }) => openAnthropic(test, key));
const answer = z.strictObject({ title: z.string().min(1).max(80), score: z.number().min(0).max(1) });
const said = { title: 'Bees', score: 0.5 };
type Persist = AskCall<typeof said, string>['persist'];

describe('a question', () => {
  it('is sent with the schema of its answer, and brings the answer with what it cost', async ({
    twin,
    key,
    anthropic,
  }) => {
    twin.answer(key, () => said);
    const usage = { input_tokens: 5, output_tokens: 7, cache_read_input_tokens: 20 };
    twin.script(key, [{ kind: 'ok', usage }]);
    const persist = vi.fn<Persist>(async () => 'stored');
    const result = await anthropic.ask({ persist });
    expect(result).toMatchObject({ kind: 'ok', persisted: 'stored', key: { provider: 'anthropic' } });
    expect(persist.mock.calls[0]?.[1]).toEqual({ value: said, inputTokens: 25, outputTokens: 7 });
    expect(await anthropic.records()).toMatchObject([
      { operation: 'extraction', outcome: 'ok', input: 25, output: 7 },
    ]);
    const [call] = twin.callsOf(key);
    expect(call?.body).toEqual({
      model: 'claude-haiku-5-5',
      max_tokens: 300,
      thinking: { type: 'disabled' },
      system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
      messages: [{ role: 'user', content: 'What is this?' }],
      output_config: { format: { type: 'json_schema', schema: expect.any(Object) } },
    });
    const sent = JSON.stringify(call?.body);
    expect(sent).toContain('"additionalProperties":false');
    expect(sent).not.toMatch(/"(minLength|maxLength|minimum|maximum|\$schema)":/);
  });

  it.for([
    ['in a fence', `Here it is:\n\`\`\`json\n${JSON.stringify(said)}\n\`\`\`\nDone.`, said],
    ['with a fence inside', '{"title":"```js```","score":1}', { title: '```js```', score: 1 }],
    ['with what no table takes', '{"title":"a\\u0000b\\ud800","score":1}', { title: 'ab\ufffd', score: 1 }],
  ] as const)('takes an answer %s', async ([_, says, value], { twin, key, anthropic }) => {
    twin.script(key, [{ kind: 'ok', says }]);
    expect(await anthropic.ask()).toMatchObject({ kind: 'ok', persisted: JSON.stringify(value) });
  });

  it('is given up after the time that the operator gives it', async ({ twin, key, anthropic }) => {
    twin.script(key, [{ kind: 'hang' }]);
    expect(await anthropic.ask()).toEqual({ kind: 'failed', code: 'provider_timeout' });
  });

  it('to a model that always thinks leaves room for that, and one to an unknown model as well', async ({
    twin,
    key,
    anthropic,
  }) => {
    for (const model of ['claude-opus-5-5', 'some-model', 'claude-haiku-4-5-20251001']) {
      await anthropic.chooseModel(model);
      await anthropic.ask();
    }
    const bodies = z.array(z.looseObject({ max_tokens: z.number() }));
    const sent = bodies.parse(twin.callsOf(key).map(({ body }) => body));
    expect(sent.map(({ max_tokens }) => max_tokens)).toEqual([8_300, 8_300, 300]);
    expect(sent.every((body) => !('thinking' in body))).toBe(true);
  });
});

const unusable: readonly (readonly [string, TwinStep, FailureCode])[] = [
  ['that is refused', { kind: 'ok', stopReason: 'refusal' }, 'answer_refused'],
  ['that is cut off', { kind: 'ok', stopReason: 'max_tokens' }, 'answer_cut'],
  ['that fills the context', { kind: 'ok', stopReason: 'model_context_window_exceeded' }, 'answer_cut'],
  ['that pauses', { kind: 'ok', stopReason: 'pause_turn' }, 'malformed_response'],
  ['that calls a tool', { kind: 'ok', stopReason: 'tool_use' }, 'malformed_response'],
  ['that stops for a new reason', { kind: 'ok', stopReason: 'a_new_reason' }, 'malformed_response'],
  ['that is no JSON', { kind: 'ok', says: twinMarker }, 'malformed_response'],
  ['of another shape', { kind: 'ok', says: '{"title":"","score":2}' }, 'malformed_response'],
  ['with more fields', { kind: 'ok', says: '{"title":"a","score":1,"b":1}' }, 'malformed_response'],
];

describe('an answer', () => {
  it.for(unusable)(
    '%s is remembered as paid and unusable',
    async ([_, step, code], { twin, key, anthropic }) => {
      twin.answer(key, () => said);
      twin.script(key, [step]);
      const persist = vi.fn<Persist>();
      const result = await anthropic.ask({ persist, persistUnusable: anthropic.remember });
      expect(result).toEqual({ kind: 'failed', code });
      expect(persist).not.toHaveBeenCalled();
      const [record] = await anthropic.records();
      expect(record).toMatchObject({ outcome: code, input: expect.any(Number) });
      expect(record?.output).toBeGreaterThan(0);
      expect(await anthropic.remembered()).toEqual([
        { code, inputTokens: record?.input, outputTokens: record?.output },
      ]);
      expect(twin.callsOf(key)).toHaveLength(1);
    },
  );

  it('that tells no tokens is remembered with those that were reserved', async ({ twin, key, anthropic }) => {
    twin.script(key, [{ kind: 'raw', body: '<html>' }]);
    await anthropic.ask({ persistUnusable: anthropic.remember });
    const [record] = await anthropic.records();
    expect(await anthropic.remembered()).toEqual([
      { code: 'malformed_response', inputTokens: record?.input, outputTokens: record?.output },
    ]);
    expect(record?.output).toBe(8_300);
  });

  it.for<[string, TwinStep]>([
    ['a refusal of the request', { kind: 'status', status: 400 }],
    ['a redirect', { kind: 'status', status: 307 }],
    ['a broken server', { kind: 'status', status: 500 }],
    ['a cut connection', { kind: 'cut', after: 'half' }],
    ['silence', { kind: 'hang' }],
  ])('is not remembered where there was none: %s', async ([_, step], { twin, key, anthropic }) => {
    twin.script(key, [step]);
    const result = await anthropic.ask({ timeoutMs: 300, persistUnusable: anthropic.remember });
    expect(result.kind).toBe('failed');
    expect(await anthropic.remembered()).toEqual([]);
  });

  it('that is unusable is stored again when storing fails for a moment, and bought once', async ({
    twin,
    key,
    anthropic,
  }) => {
    twin.script(key, [{ kind: 'ok', stopReason: 'refusal' }]);
    let tries = 0;
    const result = await anthropic.ask({
      async persistUnusable(...given) {
        await anthropic.remember(...given);
        tries += 1;
        if (tries < 3) throw new Error('the database is away for a moment');
      },
    });
    expect(result).toEqual({ kind: 'failed', code: 'answer_refused' });
    expect(await anthropic.remembered()).toHaveLength(1);
    expect(twin.callsOf(key)).toHaveLength(1);
  });

  it('that is unusable stands or falls with the end of the record', async ({ twin, key, anthropic }) => {
    twin.script(key, [{ kind: 'ok', stopReason: 'refusal' }]);
    const broken = new Error('the database is away');
    const asked = anthropic.ask({
      async persistUnusable(...given) {
        await anthropic.remember(...given);
        throw broken;
      },
    });
    await expect(asked).rejects.toBe(broken);
    expect(await anthropic.remembered()).toEqual([]);
    expect(await anthropic.records()).toMatchObject([{ outcome: null }]);
  });
});

describe('a model that takes no schema', () => {
  const refusal: TwinStep = {
    kind: 'status',
    status: 400,
    body: {
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: 'output_config.format: Extra inputs are not permitted',
      },
    },
  };

  it('is asked once more in words, on a record of its own, and in words alone from then on', async ({
    twin,
    key,
    anthropic,
  }) => {
    await anthropic.chooseModel(`old-${randomUUID()}`);
    twin.script(key, [refusal], { kind: 'ok', says: JSON.stringify(said) });
    expect(await anthropic.ask()).toMatchObject({ kind: 'ok' });
    expect(await anthropic.ask()).toMatchObject({ kind: 'ok' });
    const calls = twin.callsOf(key);
    expect(calls.map(({ fields }) => fields.includes('output_config'))).toEqual([true, false, false]);
    expect(calls.at(-1)?.inputs[0]).toContain('"maxLength":80');
    expect(await anthropic.records()).toMatchObject([
      { outcome: 'input_rejected', input: 0, output: 0 },
      { outcome: 'ok' },
      { outcome: 'ok' },
    ]);
  });

  it('and refuses the words too is not asked a third time', async ({ twin, key, anthropic }) => {
    await anthropic.chooseModel(`old-${randomUUID()}`);
    twin.script(key, [], refusal);
    expect(await anthropic.ask()).toMatchObject({ kind: 'failed', code: 'input_rejected' });
    expect(twin.callsOf(key)).toHaveLength(2);
  });
});

describe('the breaker of Anthropic', () => {
  it('leaves the tenant’s embedding alone, and other tenants', async ({ twin, test, key, anthropic }) => {
    twin.script(
      key,
      [1, 2, 3].map(() => ({ kind: 'status', status: 529 })),
    );
    for (let call = 0; call < 3; call += 1)
      expect(await anthropic.ask()).toMatchObject({ code: 'provider_unavailable' });
    expect(await anthropic.ask()).toMatchObject({ code: 'circuit_open' });
    expect(await anthropic.embed()).toMatchObject({ kind: 'ok' });
    const neighbour = openAnthropic(test, twinKey());
    expect(await neighbour.ask()).toMatchObject({ kind: 'ok' });
    expect(await anthropic.breakers()).toEqual({ embedding: 'closed', anthropic: 'open' });
    expect(await neighbour.breakers()).toEqual({ embedding: 'closed', anthropic: 'closed' });
  });
});

describe('a limit of Anthropic', () => {
  it('pauses the key as long as it asks for, and lets the tenant embed meanwhile', async ({
    twin,
    key,
    anthropic,
  }) => {
    const error = { type: 'error', error: { type: 'rate_limit_error', message: twinMarker } };
    twin.script(key, [{ kind: 'status', status: 429, body: error, headers: { 'retry-after': '30' } }]);
    expect(await anthropic.ask()).toMatchObject({ code: 'provider_rate_limited' });
    const waiting = await anthropic.ask();
    expect(waiting).toMatchObject({ code: 'provider_rate_limited', called: false });
    expect(waiting.kind === 'failed' && (waiting.retryAfterMs ?? 0) > 20_000).toBe(true);
    expect(twin.callsOf(key)).toHaveLength(1);
    expect(await anthropic.embed()).toMatchObject({ kind: 'ok' });
  });
});

it('lets no word of question or answer, and no piece of the key, into a log line or a table', async ({
  twin,
  test,
  key,
  anthropic,
}) => {
  const canary = `canary-${randomUUID()}`;
  twin.script(key, [
    { kind: 'ok', says: `${canary} no JSON` },
    { kind: 'ok', stopReason: 'refusal', says: canary },
    { kind: 'status', status: 401, body: { error: { message: `${canary} ${key}` } } },
  ]);
  const results = [
    await anthropic.ask({ prompt: canary, system: canary }),
    await anthropic.ask({ prompt: canary }),
    await anthropic.ask({ prompt: canary }),
  ];
  const tables = await test.db.rawAsOwner(
    'select to_jsonb(provider_calls) as row from provider_calls union all select to_jsonb(usage_ledger) from usage_ledger union all select to_jsonb(audit_log) from audit_log',
  );
  const everything = JSON.stringify([results, tables, test.logLines]);
  for (const word of [canary, key.slice(-12)]) expect(everything).not.toContain(word);
});

/** Questions of a tenant of its own, whose Anthropic key this is, and what they leave in the tables. */
function openAnthropic(test: TestServices, key: string) {
  const tenant = openTenant(test, key);
  const { anthropic, audit, embedding, llmConfig, providerStates } = test.services;
  return {
    async ask(wanted: Partial<AskCall<typeof said, string>> = {}) {
      return anthropic.ask<typeof said, string>({
        ...{ tenantId: (await tenant).id, source: 'gate', operation: 'extraction', subjectId: randomUUID() },
        ...{ system: 'Be brief.', prompt: 'What is this?', answer, maxOutputTokens: 300 },
        persist: async (_tx, { value }) => JSON.stringify(value),
        ...wanted,
      });
    },
    async embed() {
      return embedding.embed({
        ...{ tenantId: (await tenant).id, source: 'gate', inputs: ['words'], side: 'passage' },
        ...{ timeoutMs: 5_000, persist: async () => undefined },
      });
    },
    async breakers() {
      const view = await providerStates.view((await tenant).id);
      return { embedding: view.embedding.state, anthropic: view.anthropic.state };
    },
    async chooseModel(model: string) {
      await llmConfig.update((await tenant).actor, { extraction_model: model });
    },
    /** Remembers it in a table of the tenant's, the audit log, so that what is rolled back is forgotten. */
    remember: (async (tx, code, tokens) => {
      const { actor } = await tenant;
      const subject = { kind: 'unusable', id: code };
      await audit.append(tx, actor, { action: 'provider.breaker_reset', subject, details: { ...tokens } });
    }) satisfies AskCall<typeof said, string>['persistUnusable'],
    async remembered() {
      const rows = await audit.list((await tenant).id, { subjectKind: 'unusable', limit: 10 });
      return rows.map(({ subject, details }) => ({ code: subject.id, ...details }));
    },
    async records() {
      return z.array(recordShape).parse(
        await test.db.rawAsOwner(
          `select operation, outcome, input_tokens::int as input, output_tokens::int as output
           from provider_calls where tenant_id = $1 order by started_at`,
          [(await tenant).id],
        ),
      );
    },
  };
}

const recordShape = z.object({
  operation: z.string(),
  outcome: z.string().nullable(),
  input: z.number(),
  output: z.number(),
});

async function openTenant(test: TestServices, key: string): Promise<TestTenant> {
  const tenant = await test.createTenant(twinKey());
  await tenant.setAnthropicKey(key);
  return tenant;
}
