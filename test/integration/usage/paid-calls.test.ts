import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { callSources } from '../../../src/domain/operations.ts';
import { tokenBound, tokensAroundInput } from '../../../src/domain/token-bound.ts';
import type { EmbeddingCall } from '../../../src/providers/embedding/guarded-embedding.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { type ProviderTwin, type TwinStep, twinDimensions } from '../../support/provider-twin.ts';
import { recentDays } from '../../support/recent-days.ts';
import { sampleValue } from '../../support/scrape.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

// What calls cost whose answers cannot be used. The provider bills by its own count: a quarter of the characters.
const it = factsOfServices().extend('paying', ({ twin, test, tenant, key }) =>
  openPaying({ twin, test, tenant, key }),
);

describe('a hundred and sixty distinct searches whose answers cannot be used', () => {
  it.for<[string, TwinStep]>([
    ['another dimension', { kind: 'ok', dimensions: twinDimensions + 1 }],
    ['another count', answering({ data: [] })],
    ['nulls', answering({ data: [{ index: 0, embedding: [null] }] })],
    ['another shape', answering({ vectors: [] })],
  ])('stop at the budget, to the token that was billed: %s', async ([_name, step], { paying }) => {
    await paying.setBudget(3_000);
    await paying.answerAll(step);
    const answers = [];
    for (let i = 0; i < 160; i += 1) answers.push(await paying.search(i));
    const billed = answers.filter((code) => code === 'malformed_response').length * 120;
    expect(answers.at(-1)).toBe('budget_exhausted');
    expect(billed).toBeGreaterThan(3_000 - (480 + tokensAroundInput));
    expect(billed).toBeLessThanOrEqual(3_000);
    expect(await paying.month()).toEqual({ settled: billed, reserved: 0 });
    expect(await paying.ledger()).toMatchObject({ tokens: billed, calls: billed / 120, estimated: 0 });
  });

  it('count as what they reserved when they come too late', async ({ paying }) => {
    await paying.answerAll({ kind: 'hang' });
    const codes = [];
    for (let i = 0; i < 4; i += 1) codes.push(await paying.search(i, { timeoutMs: 100 }));
    expect(codes).toEqual(['provider_timeout', 'provider_timeout', 'provider_timeout', 'circuit_open']);
    const reserved = 3 * (480 + tokensAroundInput);
    expect(await paying.month()).toEqual({ settled: reserved, reserved: 0 });
    expect(await paying.ledger()).toEqual({ tokens: reserved, calls: 3, estimated: 3 });
  });
});

describe('a failed call that cost something', () => {
  it.for(callSources)('is in the ledger once: of %s', async (source, { test, tenant, paying }) => {
    const subjectId = randomUUID();
    await paying.answerAll({ kind: 'ok', dimensions: twinDimensions + 1 });
    expect(await paying.search(1, { source, articleId: subjectId })).toBe('malformed_response');
    await Promise.all(
      Array.from({ length: 5 }, () => test.services.usage.recordSubject(tenant.id, subjectId)),
    );
    expect(await paying.ledger()).toEqual({ tokens: 120, calls: 1, estimated: 0 });
    expect(await paying.month()).toEqual({ settled: 120, reserved: 0 });
  });

  it('shows among the estimated calls of the report if nobody told its cost', async ({
    test,
    tenant,
    paying,
  }) => {
    await paying.answerAll({ kind: 'status', status: 500 });
    await paying.search(1);
    await paying.answerAll({ kind: 'ok' });
    await paying.search(2);
    const { rows } = await test.services.usage.report(tenant.id, { ...recentDays(), groupBy: [] });
    expect(rows).toMatchObject([
      { input_tokens: 480 + tokensAroundInput + 120, calls: 2, estimated_calls: 1 },
    ]);
  });
});

it('a call that was refused or not sent costs nothing and is in no row', async ({ paying }) => {
  for (const status of [400, 404, 422, 429]) {
    await paying.answerAll({ kind: 'status', status });
    await paying.search(status);
  }
  expect(await paying.month()).toEqual({ settled: 0, reserved: 0 });
  expect(await paying.ledger()).toEqual({ tokens: 0, calls: 0, estimated: 0 });
});

describe('a usage that cannot be', () => {
  it.for<[string, string]>([
    ['negative', '-1'],
    ['fractional', '1.5'],
    ['one above the bound of the request', String(480 + tokensAroundInput + 1)],
    ['the largest whole number', String(Number.MAX_SAFE_INTEGER)],
    ['beyond the whole numbers', '1e300'],
    ['no number', '"120"'],
  ])('counts as the bound, and the vectors are used: %s', async ([_name, promptTokens], { paying }) => {
    const before = await paying.estimates();
    const embedding = Array.from({ length: twinDimensions }, () => 0.5);
    const body = JSON.stringify({ data: [{ index: 0, embedding }], usage: { prompt_tokens: 0 } });
    await paying.answerAll({ kind: 'raw', body: body.replace(':0}}', `:${promptTokens}}}`) });
    for (let i = 0; i < 3; i += 1) expect(await paying.search(i)).toBe('ok');
    const bound = 3 * (480 + tokensAroundInput);
    expect(await paying.month()).toEqual({ settled: bound, reserved: 0 });
    expect(await paying.ledger()).toEqual({ tokens: bound, calls: 3, estimated: 3 });
    expect(await paying.estimates()).toBe(before + 3);
  });
});

describe('a budget that cannot hold the bound of a call', () => {
  const text = 'A lease that nobody renews ends by itself, and the next worker takes over. '.repeat(10);
  const bound = tokenBound(text) + tokensAroundInput;

  it('holds a call that costs no more than the model has ever shown', async ({ paying }) => {
    await paying.setBudget(bound - 1);
    expect(await paying.search(0, { inputs: [text] })).toBe('budget_exhausted');
    await paying.setBudget(bound);
    expect(await paying.search(0, { inputs: [text] })).toBe('ok');
    const { settled } = await paying.month();
    expect(settled).toBeGreaterThan(0);
    // The next call does not fit by its bound, and does by what the first has shown.
    expect(await paying.search(1, { inputs: [`${text}!`] })).toBe('ok');
  });

  it('holds no call with letters that are dearer than what was shown', async ({ twin, key, paying }) => {
    await paying.setBudget(5_000);
    for (let i = 0; i < 3; i += 1) expect(await paying.search(i, { inputs: [text] })).toBe('ok');
    const rare = 'ѧѫѣѳѵѡѿѯѱѩѭӛӝӟӣӥӧөӫӭӯӱӳӵӹԑԓ'.repeat(100);
    await paying.answerAll(answering({ data: [] }, 2 * rare.length));
    const before = twin.callsOf(key).length;
    expect(await paying.search(9, { inputs: [rare] })).toBe('budget_exhausted');
    expect(twin.callsOf(key)).toHaveLength(before);
    expect((await paying.month()).settled).toBeLessThanOrEqual(5_000);
  });

  it('lets one such call out at a time, so that no second one counts on the same tokens', async ({
    twin,
    key,
    paying,
  }) => {
    await paying.search(0, { inputs: [text] });
    const { settled } = await paying.month();
    await paying.setBudget(settled + bound - 1);
    await paying.answerAll({ kind: 'ok', delayMs: 500 });
    const before = twin.callsOf(key).length;
    const codes = await Promise.all(
      Array.from({ length: 10 }, (_, i) => paying.search(i, { inputs: [`${text}${i}`] })),
    );
    expect(codes.filter((code) => code === 'ok')).toHaveLength(1);
    expect(twin.callsOf(key)).toHaveLength(before + 1);
  });
});

/** An answer of this body, which tells what the provider bills for 480 characters. */
function answering(body: object, promptTokens = 120): TwinStep {
  return { kind: 'raw', body: JSON.stringify({ ...body, usage: { prompt_tokens: promptTokens } }) };
}

interface Given {
  readonly twin: ProviderTwin;
  readonly test: TestServices;
  readonly tenant: TestTenant;
  readonly key: string;
}

/** Calls of one tenant, by default searches of 480 characters, and what they leave in the books. */
function openPaying({ twin, test, tenant, key }: Given) {
  const setBudget = async (tokens: number | null) => {
    await test.services.llmConfig.update(tenant.actor, { monthly_token_budget: tokens });
  };
  const answerAll = async (step: TwinStep) => twin.script(key, [], step);

  /** One call; returns its code. */
  const search = async (number: number, wanted: Partial<EmbeddingCall<number>> = {}) => {
    const answer = await test.services.embedding.embed({
      tenantId: tenant.id,
      source: 'search',
      inputs: [String(number).padEnd(480, ' words')],
      side: 'query',
      timeoutMs: 5_000,
      expectedDimensions: twinDimensions,
      persist: async (_tx, vectors) => vectors.length,
      ...wanted,
    });
    return answer.kind === 'failed' ? answer.code : answer.kind;
  };

  const month = async () => {
    const [row] = await test.db.rawAsOwner(
      'select settled_tokens::int as settled, reserved_tokens::int as reserved from monthly_usage where tenant_id = $1',
      [tenant.id],
    );
    return { settled: Number(row?.settled ?? 0), reserved: Number(row?.reserved ?? 0) };
  };
  const ledger = async () => {
    const [row] = await test.db.rawAsOwner(
      `select coalesce(sum(input_tokens + output_tokens), 0)::int as tokens, count(*)::int as calls,
              (count(*) filter (where estimated))::int as estimated
         from usage_ledger where tenant_id = $1`,
      [tenant.id],
    );
    return row;
  };

  /** How many calls of searches the metrics count as estimated. */
  const estimates = async () => {
    const scrape = await test.metrics.scrape();
    const labels = { provider: 'embedding', operation: 'embedding', source: 'search' };
    return ['absent', 'unbelievable'].reduce(
      (sum, usage) =>
        sum + (sampleValue(scrape, 'lorekeep_provider_costs_estimated_total', { ...labels, usage }) ?? 0),
      0,
    );
  };

  return { setBudget, answerAll, search, month, ledger, estimates };
}
