import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect } from 'vitest';
import { type Activities, createActivities } from '../../../activities/index.ts';
import type { ArticleRef } from '../../../src/domain/embed-article.ts';
import { keyRejections } from '../../../src/domain/failures.ts';
import type { KeyReference } from '../../../src/domain/operations.ts';
import { targetIdOf } from '../../../src/domain/provider-target.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { twinKey } from '../../support/provider-twin.ts';
import { recentDays } from '../../support/recent-days.ts';
import { targetOf } from '../../support/targets.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';
import { installQuietRuntime } from '../../support/workflow-environment.ts';

const it = factsOfServices(() => ({
  EMBEDDING_TIMEOUT_MS: '300',
  GUARD_TIMEOUT_MS: '900',
  EMBEDDING_WORKFLOW_TIMEOUT_MS: '400',
  EMBEDDING_BATCH_CHUNKS: '2',
})).extend('walk', { scope: 'file' }, ({ test }) => openWalk(test));

describe('resolveEmbeddingKey', () => {
  it('hands on a reference and never the key', async ({ tenant, key, walk }) => {
    const resolved = await walk.run('resolveEmbeddingKey', await walk.publish(tenant));
    expect(resolved).toEqual({
      kind: 'reference',
      key: {
        ...{ provider: 'embedding', model: 'multilingual-e5-small', keyVersion: 1 },
        targetId: targetIdOf(targetOf('multilingual-e5-small')),
      },
    });
    expect(JSON.stringify(resolved)).not.toContain(key.slice(0, 8));
  });

  it('answers the same to the same input twice', async ({ tenant, walk }) => {
    const article = await walk.publish(tenant);
    expect(await walk.run('resolveEmbeddingKey', article)).toEqual(
      await walk.run('resolveEmbeddingKey', article),
    );
  });

  it('parks the article of a tenant without a key, and no other tenant’s', async ({ test, tenant, walk }) => {
    const keyless = await walk.publish(await test.createTenant());
    const other = await walk.publish(tenant);
    expect(await walk.run('resolveEmbeddingKey', keyless)).toEqual({ kind: 'no_api_key' });
    expect(await walk.stateOf(keyless)).toMatchObject({ status: 'blocked', reason: 'no_api_key' });
    expect(await walk.stateOf(other)).toMatchObject({ status: 'pending', reason: null });
  });

  it.for(keyRejections)(
    'fails for good on a key that was refused with %s',
    async (code, { test, tenant, walk }) => {
      const article = await walk.publish(tenant);
      const { keyVersion } = await walk.keyOf(article);
      await test.services.database.withTenant(tenant.id, (tx) =>
        test.services.providerKeys.markRejected(tx, tenant.id, 'embedding', keyVersion, code),
      );
      const failure = await failureOf(walk.run('resolveEmbeddingKey', article));
      expect(failure).toMatchObject({ type: code, nonRetryable: true });
    },
  );

  it('fails for good on a ciphertext of another tenant', async ({ test, tenant, walk }) => {
    const thief = await test.createTenant(twinKey());
    const [stolen] = await test.db.rawAsOwner('select ciphertext from provider_keys where tenant_id = $1', [
      tenant.id,
    ]);
    await test.db.rawAsOwner('update provider_keys set ciphertext = $1 where tenant_id = $2', [
      stolen?.ciphertext,
      thief.id,
    ]);
    const failure = await failureOf(walk.run('resolveEmbeddingKey', await walk.publish(thief)));
    expect(failure).toMatchObject({ type: 'key_unusable', nonRetryable: true });
  });
});

describe('checkContentHash', () => {
  it('counts what is missing, the same twice', async ({ tenant, walk }) => {
    const article = await walk.publish(tenant, sections(3));
    const key = await walk.keyOf(article);
    const check = await walk.run('checkContentHash', { ...article, key });
    expect(check).toMatchObject({ kind: 'missing' });
    expect(await walk.run('checkContentHash', { ...article, key })).toEqual(check);
  });

  it('finds nothing missing once everything is embedded, and nothing after a revert', async ({
    test,
    tenant,
    walk,
  }) => {
    const article = await walk.publish(tenant, 'The first text.');
    const input = await walk.readyToGenerate(article);
    await walk.run('generateEmbedding', input);
    expect(await walk.run('checkContentHash', input)).toEqual({ kind: 'unchanged', chunks: 1 });

    const edit = (body: string) =>
      test.services.articles.edit(tenant.actor, article.articleId, { body }, { kind: 'any' });
    await edit('The second text.');
    await walk.run('generateEmbedding', await walk.readyToGenerate(article));
    await edit('The first text.');
    expect(await walk.run('checkContentHash', input)).toEqual({ kind: 'unchanged', chunks: 1 });
    expect(await walk.stateOf(article)).toMatchObject({ status: 'embedded' });
  });

  it('takes over a chunk that another article of the tenant has bought, and none of another tenant', async ({
    test,
    tenant,
    walk,
  }) => {
    const other = await test.createTenant(twinKey());
    await walk.run(
      'generateEmbedding',
      await walk.readyToGenerate(await walk.publish(tenant, 'Shared text.')),
    );
    const twinOfIt = await walk.publish(tenant, 'Shared text.');
    expect(
      await walk.run('checkContentHash', { ...twinOfIt, key: await walk.keyOf(twinOfIt) }),
    ).toMatchObject({
      kind: 'unchanged',
    });
    const foreign = await walk.publish(other, 'Shared text.');
    expect(await walk.run('checkContentHash', { ...foreign, key: await walk.keyOf(foreign) })).toMatchObject({
      kind: 'missing',
    });
  });

  it('knows an article that is gone, a draft, and one of another tenant', async ({ test, tenant, walk }) => {
    const article = await walk.publish(tenant);
    const key = await walk.keyOf(article);
    expect(await walk.run('checkContentHash', { tenantId: tenant.id, articleId: randomUUID(), key })).toEqual(
      {
        kind: 'gone',
      },
    );
    const other = await test.createTenant(twinKey());
    expect(await walk.run('checkContentHash', { ...article, tenantId: other.id, key })).toEqual({
      kind: 'gone',
    });
    await test.services.articles.transition(tenant.actor, article.articleId, 'unpublish');
    expect(await walk.run('checkContentHash', { ...article, key })).toEqual({ kind: 'not_published' });
  });
});

describe('generateEmbedding', () => {
  it('makes one call, stores its vectors and completes the article', async ({ twin, tenant, key, walk }) => {
    const article = await walk.publish(tenant);
    const input = await walk.readyToGenerate(article);
    expect(await walk.run('generateEmbedding', input)).toMatchObject({ kind: 'embedded', chunks: 1 });
    expect(twin.callsOf(key)).toHaveLength(1);
    expect(await walk.stateOf(article)).toMatchObject({
      status: 'embedded',
      model: 'multilingual-e5-small',
      dimensions: 16,
      chunks: 1,
      contentHash: input.contentHash,
    });
  });

  it('buys nothing when it is run again', async ({ twin, tenant, key, walk }) => {
    const input = await walk.readyToGenerate(await walk.publish(tenant));
    await walk.run('generateEmbedding', input);
    expect(await walk.run('generateEmbedding', input)).toEqual({
      kind: 'embedded',
      chunks: 1,
      inputTokens: 0,
    });
    expect(twin.callsOf(key)).toHaveLength(1);
  });

  it('buys a long article a batch a call, each chunk once', async ({ twin, tenant, key, walk }) => {
    const article = await walk.publish(tenant, sections(5));
    const input = await walk.readyToGenerate(article);
    const kinds: string[] = [];
    for (let i = 0; i < 10 && kinds.at(-1) !== 'embedded'; i += 1) {
      kinds.push((await walk.run('generateEmbedding', input)).kind);
    }
    const bought = twin.callsOf(key).flatMap(({ inputs }) => inputs);
    expect(kinds.slice(0, -1).every((kind) => kind === 'more')).toBe(true);
    expect(twin.callsOf(key).every(({ inputs }) => inputs.length <= 2)).toBe(true);
    expect(new Set(bought).size).toBe(bought.length);
    expect((await walk.stateOf(article)).chunks).toBe(bought.length);
  });

  it('pays only for the chunk that an edit changed', async ({ test, twin, tenant, key, walk }) => {
    const article = await walk.publish(tenant, sections(2));
    const first = await walk.readyToGenerate(article);
    while ((await walk.run('generateEmbedding', first)).kind === 'more');
    const before = twin.callsOf(key).length;
    await test.services.articles.edit(
      tenant.actor,
      article.articleId,
      { body: `${sections(2)}\n\n## New\n\n${'Something quite new. '.repeat(60)}` },
      { kind: 'any' },
    );
    const second = await walk.readyToGenerate(article);
    while ((await walk.run('generateEmbedding', second)).kind === 'more');
    const paid = twin
      .callsOf(key)
      .slice(before)
      .flatMap(({ inputs }) => inputs);
    expect(paid.length).toBeLessThanOrEqual(2);
    expect(paid.join(' ')).toContain('Something quite new');
  });

  it('makes no call for a text that has changed since the check', async ({
    test,
    twin,
    tenant,
    key,
    walk,
  }) => {
    const article = await walk.publish(tenant, 'Old.');
    const input = await walk.readyToGenerate(article);
    await test.services.articles.edit(tenant.actor, article.articleId, { body: 'New.' }, { kind: 'any' });
    expect(await walk.run('generateEmbedding', input)).toEqual({ kind: 'changed' });
    expect(twin.callsOf(key)).toHaveLength(0);
  });

  it('leaves the article pending when it changes during the call', async ({
    test,
    twin,
    tenant,
    key,
    walk,
  }) => {
    const article = await walk.publish(tenant, 'Old.');
    const input = await walk.readyToGenerate(article);
    twin.script(key, [{ kind: 'ok', delayMs: 200 }]);
    const generating = walk.run('generateEmbedding', input);
    while (twin.callsOf(key).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await test.services.articles.edit(tenant.actor, article.articleId, { body: 'New.' }, { kind: 'any' });
    expect(await generating).toEqual({ kind: 'changed' });
    expect(await walk.stateOf(article)).toMatchObject({ status: 'pending' });
  });

  it('fails for good on a rejected key, and makes no further call with it', async ({
    twin,
    tenant,
    key,
    walk,
  }) => {
    const article = await walk.publish(tenant);
    const input = await walk.readyToGenerate(article);
    twin.script(key, [], { kind: 'status', status: 401 });
    expect(await failureOf(walk.run('generateEmbedding', input))).toMatchObject({
      type: 'credential_rejected',
      nonRetryable: true,
    });
    expect(await failureOf(walk.run('generateEmbedding', input))).toMatchObject({
      type: 'credential_rejected',
    });
    expect(twin.callsOf(key)).toHaveLength(1);
  });

  it('answers an outage with a wait that grows, and shows why the article waits and until when', async ({
    twin,
    tenant,
    key,
    walk,
  }) => {
    const article = await walk.publish(tenant);
    const input = await walk.readyToGenerate(article);
    twin.script(key, [
      { kind: 'status', status: 503 },
      { kind: 'status', status: 503 },
    ]);
    const outage = { kind: 'waits', code: 'provider_unavailable' };
    expect(await walk.run('generateEmbedding', input)).toEqual({ ...outage, retryInMs: 2_000 });
    expect(await walk.run('generateEmbedding', { ...input, tries: 6 })).toEqual({
      ...outage,
      retryInMs: 128_000,
    });
    const { status, reason, nextAttemptAt } = await walk.stateOf(article);
    expect({ status, reason }).toEqual({ status: 'pending', reason: 'provider_unavailable' });
    expect((nextAttemptAt?.getTime() ?? 0) - Date.now()).toBeGreaterThan(100_000);
    expect(await walk.run('generateEmbedding', input)).toMatchObject({ kind: 'embedded' });
    expect(await walk.stateOf(article)).toMatchObject({ status: 'embedded', nextAttemptAt: null });
  });

  it.for([
    ['7', 0, 7_000],
    ['7', 4, 32_000],
    ['300', 0, 300_000],
    ['86400', 0, 300_000],
  ] as const)(
    'makes of a Retry-After of %s s after %i tries a wait of %i ms',
    async ([seconds, tries, retryInMs], { twin, tenant, key, walk }) => {
      const input = await walk.readyToGenerate(await walk.publish(tenant));
      twin.script(key, [{ kind: 'status', status: 429, headers: { 'retry-after': seconds } }]);
      expect(await walk.run('generateEmbedding', { ...input, tries })).toEqual({
        kind: 'waits',
        code: 'provider_rate_limited',
        retryInMs,
      });
    },
  );

  it('fails for one more try, and no wait, on an answer that cannot be used', async ({
    twin,
    tenant,
    key,
    walk,
  }) => {
    const input = await walk.readyToGenerate(await walk.publish(tenant));
    twin.script(key, [{ kind: 'raw', body: '{}' }]);
    expect(await failureOf(walk.run('generateEmbedding', input))).toMatchObject({
      type: 'malformed_response',
      nonRetryable: false,
    });
  });

  it('opens the breaker of the tenant with the bad provider alone, and then makes no call', async ({
    test,
    twin,
    walk,
  }) => {
    const bad = twinKey();
    const good = twinKey();
    const suffering = await walk.readyToGenerate(await walk.publish(await test.createTenant(bad)));
    const fine = await walk.readyToGenerate(await walk.publish(await test.createTenant(good)));
    twin.script(bad, [], { kind: 'status', status: 500 });
    for (let i = 0; i < 3; i += 1) await walk.run('generateEmbedding', suffering);
    expect(await walk.run('generateEmbedding', suffering)).toMatchObject({
      kind: 'waits',
      code: 'circuit_open',
    });
    expect(twin.callsOf(bad)).toHaveLength(3);
    expect(await walk.stateOf(suffering)).toMatchObject({ status: 'pending', reason: 'circuit_open' });
    expect((await walk.stateOf(suffering)).nextAttemptAt).not.toBeNull();
    expect(await walk.run('generateEmbedding', fine)).toMatchObject({ kind: 'embedded' });
  });

  it('names a failure by its code alone: no word of the provider, no piece of the key', async ({
    test,
    twin,
    tenant,
    key,
    walk,
  }) => {
    const input = await walk.readyToGenerate(await walk.publish(tenant));
    twin.script(key, [{ kind: 'status', status: 400 }]);
    // The text is rejected, and nothing is left of the article.
    expect(await walk.run('generateEmbedding', input)).toMatchObject({ kind: 'more', missingChunks: 1 });
    const failure = await failureOf(walk.run('generateEmbedding', input));
    const shown = `${failure.message} ${failure.stack} ${String(failure.cause)} ${JSON.stringify(failure.details)}`;
    expect(failure.type).toBe('input_rejected');
    expect(shown).not.toContain('TWIN-PRIVATE-WORDS');
    expect(shown).not.toContain(key.slice(0, 8));
    expect(test.logLines.join('')).not.toContain(key.slice(8, 20));
  });
});

describe('recordUsage', () => {
  it('enters each call once, however often it runs, for its tenant alone', async ({ test, tenant, walk }) => {
    const other = await test.createTenant(twinKey());
    const input = await walk.readyToGenerate(await walk.publish(tenant));
    const generated = await walk.run('generateEmbedding', input);
    await Promise.all([
      walk.run('recordUsage', input),
      walk.run('recordUsage', input),
      walk.run('recordUsage', input),
    ]);
    await walk.run('recordUsage', input);
    const report = async (tenantId: string) =>
      (await test.services.usage.report(tenantId, { ...recentDays(), groupBy: ['operation', 'source'] }))
        .rows;
    expect(await report(tenant.id)).toMatchObject([
      {
        calls: 1,
        source: 'workflow',
        input_tokens: generated.kind === 'embedded' ? generated.inputTokens : -1,
      },
    ]);
    expect(await report(other.id)).toEqual([]);
  });

  it('enters nothing for a refused call, and an estimate for one that was perhaps paid', async ({
    test,
    twin,
    tenant,
    key,
    walk,
  }) => {
    const input = await walk.readyToGenerate(await walk.publish(tenant));
    twin.script(key, [
      { kind: 'status', status: 429 },
      { kind: 'status', status: 503 },
    ]);
    await walk.run('generateEmbedding', input);
    await walk.run('recordUsage', input);
    expect(await test.services.usage.report(tenant.id, { ...recentDays(), groupBy: [] })).toEqual({
      rows: [],
      unknownCalls: 0,
    });
    await test.db.rawAsOwner('update provider_limits set paused_until = now() where tenant_id = $1', [
      tenant.id,
    ]);
    await walk.run('generateEmbedding', input);
    await walk.run('recordUsage', input);
    const { rows } = await test.services.usage.report(tenant.id, { ...recentDays(), groupBy: [] });
    expect(rows).toMatchObject([{ calls: 1, estimated_calls: 1 }]);
  });
});

describe('giveUp', () => {
  it('shows the code on the article, blocked where someone can mend it and failed where not', async ({
    tenant,
    walk,
  }) => {
    const blocked = await walk.publish(tenant, 'One.');
    const failed = await walk.publish(tenant, 'Two.');
    await walk.run('giveUp', { ...blocked, code: 'quota_exhausted' });
    await walk.run('giveUp', { ...failed, code: 'provider_timeout' });
    expect(await walk.stateOf(blocked)).toMatchObject({ status: 'blocked', reason: 'quota_exhausted' });
    expect(await walk.stateOf(failed)).toMatchObject({ status: 'failed', reason: 'provider_timeout' });
  });

  it('says nothing of an article that has become a draft', async ({ test, tenant, walk }) => {
    const article = await walk.publish(tenant);
    await test.services.articles.transition(tenant.actor, article.articleId, 'unpublish');
    await walk.run('giveUp', { ...article, code: 'provider_timeout' });
    expect(await walk.stateOf(article)).toMatchObject({ status: 'not_applicable', reason: null });
  });
});

/** The activities of the EmbedArticle walk, run without a workflow, and the articles that they work on. */
function openWalk(test: TestServices) {
  installQuietRuntime();
  const activities = createActivities(test.services);

  /** Runs an activity as Temporal would. */
  function run<Name extends keyof Activities>(
    name: Name,
    ...args: Parameters<Activities[Name]>
  ): Promise<Awaited<ReturnType<Activities[Name]>>> {
    const env = new MockActivityEnvironment({ attempt: 1 });
    return env.run(activities[name] as (...args: unknown[]) => Promise<never>, ...args);
  }

  const publish = (tenant: TestTenant, body = 'Some text.') => createArticle(test, tenant, { body });

  async function stateOf({ tenantId, articleId }: ArticleRef) {
    const found = await test.services.articles.get(tenantId, articleId);
    if (found === undefined) throw new Error('no article');
    return found.embedding;
  }

  async function keyOf(article: ArticleRef): Promise<KeyReference> {
    const resolved = await run('resolveEmbeddingKey', article);
    if (resolved.kind !== 'reference') throw new Error(resolved.kind);
    return resolved.key;
  }

  /** Steps 1 and 2, up to the call. */
  async function readyToGenerate(article: ArticleRef) {
    const key = await keyOf(article);
    const check = await run('checkContentHash', { ...article, key });
    if (check.kind !== 'missing') throw new Error(check.kind);
    return { ...article, key, contentHash: check.contentHash };
  }

  return { run, publish, stateOf, keyOf, readyToGenerate };
}

/** The failure that Temporal would get. */
async function failureOf(promise: Promise<unknown>): Promise<ApplicationFailure> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof ApplicationFailure) return thrown;
  throw new Error('no ApplicationFailure was thrown', { cause: thrown });
}

const sections = (count: number) =>
  Array.from(
    { length: count },
    (_, i) => `## Part ${i}\n\n${`Words of part ${i} and no other. `.repeat(60)}`,
  ).join('\n\n');
