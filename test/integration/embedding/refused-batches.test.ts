import { describe, expect } from 'vitest';
import type { ArticleRef } from '../../../src/domain/embed-article.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import {
  failsOnWord,
  refusesWord,
  takesBatches,
  takesCharacters,
  takesInputs,
  takesSilently,
} from '../../support/provider-refusals.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

const it = factsOfServices(() => ({ EMBEDDING_BATCH_CHUNKS: '64' }));

describe('a batch that is too large', () => {
  it.for([
    ['400 with the limit of inputs', takesInputs(10), 8],
    ['413 with the limit of inputs', takesBatches(32), 20],
    ['422 without a word', takesSilently(10), 10],
    ['400 with a limit of tokens', takesCharacters(9_000), null],
  ] as const)('is halved after %s until it passes', async ([, provider], { twin, test, tenant, key }) => {
    twin.script(key, [], provider);
    const article = await publish(test, tenant, sections(40));
    await walk(test, article);
    const { status, chunks } = await embeddingOf(test, article);
    expect([status, chunks]).toEqual(['embedded', 40 + card]);
    const first = twin.callsOf(key).length;
    expect(first).toBeLessThanOrEqual(2 * Math.ceil(40 / 8) + 6);
    expect(await refusalsOf(test, tenant)).toEqual([]);

    // The size is remembered: no call for another article is refused.
    await walk(test, await publish(test, tenant, sections(40, 'Other')));
    const later = twin.callsOf(key).slice(first);
    expect(later.every(({ billed }) => billed)).toBe(true);
    expect(later.flatMap(({ inputs }) => inputs)).toHaveLength(40 + card);
  });
});

describe('a text that the provider refuses', () => {
  it('ends alone: the article is embedded in part, and shows the heading', async ({
    twin,
    test,
    tenant,
    key,
  }) => {
    twin.script(key, [], refusesWord('Part 13.'));
    const article = await publish(test, tenant, sections(40));
    expect(await walk(test, article)).toBe('embedded');
    expect(await embeddingOf(test, article)).toMatchObject({
      ...{ status: 'partial', reason: null, chunks: 39 + card, nextAttemptAt: null },
      rejectedChunks: [{ heading: 'Part 13', code: 'input_rejected' }],
    });
    const calls = twin.callsOf(key).length;
    expect(calls).toBeLessThanOrEqual(1 + 2 * 6);
    expect(await manifestOf(test, article)).toBe(39 + card);

    // Nothing is sent again for it.
    expect(await walk(test, article)).toBe('unchanged');
    expect(twin.callsOf(key)).toHaveLength(calls);
  });

  it('is left out where another article has it, too, and goes again once it is edited', async ({
    twin,
    test,
    tenant,
    key,
  }) => {
    twin.script(key, [], refusesWord('BAD'));
    await walk(test, await publish(test, tenant, `${sections(2)}\n\n${section('BAD', 1)}`));
    const calls = twin.callsOf(key).length;
    const article = await publish(test, tenant, `${sections(3, 'Other')}\n\n${section('BAD', 1)}`);
    await walk(test, article);
    expect(twin.callsOf(key)).toHaveLength(calls + 1);
    expect((await embeddingOf(test, article)).status).toBe('partial');

    const { articles } = test.services;
    const body = `${sections(3, 'Other')}\n\n${section('GOOD', 1)}`;
    await articles.edit(tenant.actor, article.articleId, { body }, { kind: 'any' });
    await walk(test, article);
    const { status, rejectedChunks } = await embeddingOf(test, article);
    expect([status, rejectedChunks]).toEqual(['embedded', []]);
    expect(twin.callsOf(key)).toHaveLength(calls + 2);
  });

  it('is sent again when a person asks for it', async ({ twin, test, tenant, key }) => {
    twin.script(key, [], refusesWord('BAD'));
    const article = await publish(test, tenant, `${sections(2)}\n\n${section('BAD', 1)}`);
    await walk(test, article);
    twin.script(key, []);
    await test.services.articles.retryEmbedding(tenant.actor, article.articleId);
    expect((await embeddingOf(test, article)).status).toBe('pending');
    await walk(test, article);
    expect(await embeddingOf(test, article)).toMatchObject({ status: 'embedded', rejectedChunks: [] });
  });

  it('and is all of the article gives it up, and sends nothing again', async ({
    twin,
    test,
    tenant,
    key,
  }) => {
    await walk(test, await publish(test, tenant, sections(2)));
    twin.script(key, [], refusesWord('BAD', 422));
    const article = await publish(test, tenant, section('BAD', 1));
    expect(await walk(test, article)).toBe('input_rejected');
    await test.services.steps.giveUp(article, 'input_rejected');
    const calls = twin.callsOf(key).length;
    expect(await embeddingOf(test, article)).toMatchObject({
      ...{ status: 'failed', reason: 'input_rejected' },
      rejectedChunks: [{ heading: 'BAD 1', code: 'input_rejected' }],
    });
    expect(await walk(test, article)).toBe('input_rejected');
    expect(twin.callsOf(key)).toHaveLength(calls);
  });
});

describe('a text on which the provider fails each time', () => {
  it('is rejected as the others go on, and the breaker stays closed', async ({ twin, test, tenant, key }) => {
    twin.script(key, [], failsOnWord('Part 5.'));
    const article = await publish(test, tenant, sections(8));
    expect(await walk(test, article)).toBe('embedded');
    expect(await embeddingOf(test, article)).toMatchObject({
      ...{ status: 'partial', chunks: 7 + card },
      rejectedChunks: [{ heading: 'Part 5', code: 'input_rejected' }],
    });
    expect(await breakerOf(test, tenant)).toBe('closed');
    expect(await limitsOf(test, tenant)).toEqual([]);
  });

  it('and is all of an article is rejected after three failures, with one plain text between', async ({
    twin,
    test,
    tenant,
    key,
  }) => {
    twin.script(key, [], failsOnWord('BAD'));
    const article = await publish(test, tenant, section('BAD', 1));
    expect(await walk(test, article)).toBe('input_rejected');
    expect(twin.callsOf(key).map(({ billed, inputs }) => billed && inputs)).toEqual([
      ...[false, false, ['Hello'], false],
    ]);
    expect(await breakerOf(test, tenant)).toBe('closed');
  });

  it('is not to blame while nothing passes: the breaker opens, and all is embedded afterwards', async ({
    twin,
    test,
    tenant,
    key,
  }) => {
    twin.script(key, [], { kind: 'status', status: 500 });
    const article = await publish(test, tenant, sections(8));
    const waits = [await step(test, article), await step(test, article), await step(test, article)];
    expect(waits).toEqual(['waits', 'waits', 'waits']);
    expect(await breakerOf(test, tenant)).toBe('open');
    twin.script(key, []);
    await test.services.providerStates.reset(tenant.actor, 'embedding');
    expect(await walk(test, article)).toBe('embedded');
    expect((await embeddingOf(test, article)).status).toBe('embedded');
    expect(twin.callsOf(key).at(-1)?.inputs).toHaveLength(8 + card);
    expect(await refusalsOf(test, tenant)).toEqual([]);
    expect(await limitsOf(test, tenant)).toEqual([]);
  });
});

describe('an outage after a text has failed once', () => {
  it('rejects nothing, though another text has passed in between', async ({ twin, test, tenant, key }) => {
    twin.script(key, [], failsOnWord('GOOD'));
    const article = await publish(test, tenant, section('GOOD', 1));
    expect(await step(test, article)).toBe('waits');
    await walk(test, await publish(test, tenant, section('Other', 1)));
    twin.script(key, [], { kind: 'status', status: 500 });
    for (let tries = 0; tries < 5; tries += 1) expect(await step(test, article)).toBe('waits');
    twin.script(key, []);
    await test.services.providerStates.reset(tenant.actor, 'embedding');
    expect(await walk(test, article)).toBe('embedded');
    expect((await embeddingOf(test, article)).status).toBe('embedded');
  });
});

/** The chunk beside the sections, with what an article is about. */
const card = 1;

const section = (name: string, i: number) =>
  `## ${name} ${i}\n\n${Array.from({ length: 10 }, (_, j) => `Sentence ${j} of ${name} ${i}. It says what ${name} ${i} is about.`).join(' ')}`;
const sections = (count: number, name = 'Part') =>
  Array.from({ length: count }, (_, i) => section(name, i)).join('\n\n');

const publish = (test: TestServices, tenant: TestTenant, body: string) =>
  createArticle(test, tenant, { title: 'A title', body });

/** One pass of the steps. Answers how it ended, with the code of a failure. */
async function step(test: TestServices, article: ArticleRef): Promise<string> {
  const { steps } = test.services;
  const resolved = await steps.resolveKey(article);
  if (resolved.kind !== 'reference') return resolved.kind;
  const check = await steps.checkContentHash(article, resolved.key);
  if (check.kind !== 'missing') return check.kind;
  const generated = await steps.generate(article, resolved.key, check.contentHash);
  return generated.kind === 'failed' ? generated.code : generated.kind;
}

/** The steps until the article is complete or given up, without the workflow's waits. */
async function walk(test: TestServices, article: ArticleRef): Promise<string> {
  for (let steps = 0; steps < 200; steps += 1) {
    const kind = await step(test, article);
    if (kind !== 'more' && kind !== 'waits') return kind;
  }
  throw new Error('the article is sent without end');
}

async function embeddingOf({ services }: TestServices, { tenantId, articleId }: ArticleRef) {
  const article = await services.articles.get(tenantId, articleId);
  if (article === undefined) throw new Error('no such article');
  return article.embedding;
}

const refusalsOf = (test: TestServices, { id }: TestTenant) =>
  test.db.rawAsOwner('select chunk_hash, largest_batch from chunk_refusals where tenant_id = $1', [id]);

const limitsOf = (test: TestServices, { id }: TestTenant) =>
  test.db.rawAsOwner(
    `select profile from embedding_profiles where tenant_id = $1 and (profile ? 'maxInputs' or profile ? 'maxRequestTokens')`,
    [id],
  );

async function manifestOf(test: TestServices, { articleId }: ArticleRef): Promise<unknown> {
  const [row] = await test.db.rawAsOwner(
    'select cardinality(chunk_hashes) as chunks from article_manifests where article_id = $1',
    [articleId],
  );
  return row?.chunks;
}

async function breakerOf({ services }: TestServices, { id }: TestTenant): Promise<unknown> {
  const { embedding } = await services.providerStates.view(id);
  return embedding.state;
}
