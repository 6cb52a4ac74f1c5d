import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { CallStart } from '../../../src/usage/call-store.ts';
import { createArticle } from '../../support/articles.ts';
import { embedOnce } from '../../support/embed-once.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { prepareCall } from '../../support/prepare-call.ts';
import { waitUntil } from '../../support/wait-until.ts';

// A batch is four chunks.
const it = factsOfServices();

describe('the steps of an article', () => {
  it('end with the batch that buys the last missing chunk, although it has more chunks than a batch', async ({
    test,
    twin,
    tenant,
    key,
  }) => {
    const shorter = await createArticle(test, tenant, { body: sections(0, 4) });
    while ((await embedOnce(test, shorter)) === 'more');
    const longer = await createArticle(test, tenant, { body: sections(0, 5) });
    const before = twin.callsOf(key).length;
    expect(await embedOnce(test, longer)).toBe('embedded');
    expect(twin.callsOf(key).length - before).toBe(1);
  });

  it('are as many as its missing chunks make batches', async ({ test, twin, tenant, key }) => {
    const article = await createArticle(test, tenant, { body: sections(0, 9) });
    const kinds: string[] = [];
    while (kinds.at(-1) !== 'embedded' && kinds.length < 9) kinds.push(await embedOnce(test, article));
    const inputs = twin.callsOf(key).map((call) => call.inputs.length);
    expect(inputs.slice(0, -1).every((length) => length === 4)).toBe(true);
    expect(kinds).toEqual([...inputs.slice(1).map(() => 'more'), 'embedded']);
  });

  it('buy a chunk that is repeated once, for the first article of a tenant too', async ({
    test,
    twin,
    tenant,
    key,
  }) => {
    const repeated = Array.from({ length: 3 }, () => sections(0, 1)).join('\n\n');
    const article = await createArticle(test, tenant, { body: `${sections(1, 2)}\n\n${repeated}` });
    while ((await embedOnce(test, article)) === 'more');
    const inputs = twin.callsOf(key).flatMap((call) => call.inputs);
    const { chunks } = (await test.services.articles.get(tenant.id, article.articleId))?.embedding ?? {};
    expect(new Set(inputs).size).toBe(inputs.length);
    expect(chunks).toBeGreaterThan(inputs.length);
  });
});

describe('an edit', () => {
  it('takes back the next attempt that was announced for the text before it', async ({
    test,
    twin,
    tenant,
    key,
  }) => {
    const article = await createArticle(test, tenant);
    twin.script(key, [{ kind: 'status', status: 429, headers: { 'retry-after': '200' } }]);
    await embedOnce(test, article);
    const embedding = async () => (await test.services.articles.get(tenant.id, article.articleId))?.embedding;
    expect(await embedding()).toMatchObject({
      reason: 'provider_rate_limited',
      nextAttemptAt: expect.any(Date),
    });
    await test.services.articles.edit(tenant.actor, article.articleId, { body: 'New.' }, { kind: 'any' });
    expect(await embedding()).toMatchObject({ status: 'pending', reason: null, nextAttemptAt: null });
  });
});

describe('an article', () => {
  it('that is embedded after all announces no attempt any more, and no reason', async ({
    test,
    twin,
    tenant,
    key,
  }) => {
    const article = await createArticle(test, tenant);
    twin.script(key, [{ kind: 'status', status: 429, headers: { 'retry-after': '200' } }]);
    await embedOnce(test, article);
    await test.db.rawAsOwner('update provider_limits set paused_until = now() where tenant_id = $1', [
      tenant.id,
    ]);
    expect(await embedOnce(test, article)).toBe('embedded');
    expect((await test.services.articles.get(tenant.id, article.articleId))?.embedding).toMatchObject({
      ...{ status: 'embedded', reason: null, nextAttemptAt: null },
    });
  });

  it('that is made a draft during the call is not completed', async ({ test, twin, tenant, key }) => {
    const article = await createArticle(test, tenant);
    const generate = await prepareCall(test, article);
    twin.script(key, [{ kind: 'ok', delayMs: 1_000 }]);
    const generated = generate();
    await waitUntil(() => twin.mostAtOnce(key) === 1);
    await test.services.articles.transition(tenant.actor, article.articleId, 'unpublish');
    expect(await generated).toEqual({ kind: 'changed' });
    expect((await test.services.articles.get(tenant.id, article.articleId))?.embedding.status).toBe(
      'not_applicable',
    );
  });

  it('is not bought by a model that the tenant has changed since the check', async ({
    test,
    twin,
    tenant,
    key,
  }) => {
    const generate = await prepareCall(test, await createArticle(test, tenant));
    await test.services.llmConfig.update(tenant.actor, { embedding_model: 'another-model' });
    expect(await generate()).toEqual({ kind: 'changed' });
    expect(twin.callsOf(key)).toEqual([]);
  });

  it('waits for a budget that another call has reserved, and is blocked by one that is used up', async ({
    test,
    tenant,
  }) => {
    const { usage, database, llmConfig } = test.services;
    const article = await createArticle(test, tenant);
    const generate = await prepareCall(test, article);
    await llmConfig.update(tenant.actor, { monthly_token_budget: 200 });
    const call: CallStart = {
      ...{ id: randomUUID(), provider: 'embedding', operation: 'embedding', source: 'workflow' },
      ...{
        model: 'm',
        keyVersion: 1,
        inputs: 1,
        maxTokens: 200,
        maxOutputTokens: 0,
        likelyTokens: () => 200,
      },
    };
    expect(await database.withTenant(tenant.id, (tx) => usage.begin(tx, tenant.id, call))).toBe('begun');
    expect(await generate()).toMatchObject({ kind: 'waits', code: 'budget_exhausted' });
    await database.withTenant(tenant.id, (tx) =>
      usage.finish(tx, tenant.id, {
        ...{ id: call.id, outcome: 'ok', maxTokens: 200 },
        cost: { kind: 'told', inputTokens: 200, outputTokens: 0 },
      }),
    );
    expect(await generate()).toMatchObject({ kind: 'failed', code: 'budget_exhausted' });
  });
});

const sections = (from: number, to: number) =>
  Array.from(
    { length: to - from },
    (_, i) => `## Part ${from + i}\n\n${`Words of part ${from + i} and no other. `.repeat(60)}`,
  ).join('\n\n');
