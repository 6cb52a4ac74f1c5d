import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { chunkArticle, chunkerVersion } from '../../../src/domain/chunks.ts';
import type { ArticleRef } from '../../../src/domain/embed-article.ts';
import { claimOn } from '../../../src/vectors/chunk-purchases.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfServicesAndVault } from '../../support/fixtures.ts';
import { prepareCall } from '../../support/prepare-call.ts';
import { type ProviderTwin, twinKey } from '../../support/provider-twin.ts';
import { targetOf } from '../../support/targets.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

const it = factsOfServicesAndVault(() => ({ WORKER_MAX_ACTIVITIES: '100', EMBEDDING_BATCH_CHUNKS: '64' }));

describe('a chunk that several articles have', () => {
  it('is bought once by fifty articles at once', async ({ twin, test, tenant, key }) => {
    // The first call is held until all others have bought what they can and met its claim.
    const hold = holder();
    twin.script(key, [{ kind: 'ok', heldUntil: hold.released }], { kind: 'ok', delayMs: 20 });
    const articles = await Promise.all(
      Array.from({ length: 50 }, (_, i) => publish(test, tenant, `${shared}\n\n${own(i)}`)),
    );
    const waiting = new Set<ArticleRef>();
    const embedding = articles.map((article) =>
      embedAll(test, article, (kind) => {
        if (kind === 'claimed') waiting.add(article);
      }),
    );
    while (waiting.size < articles.length - 1) await pause(20);
    hold.release();
    await Promise.all(embedding);
    const bought = boughtWith(twin, key);
    expect(bought.length).toBe(new Set(bought).size);
    // The shared sections, and one of each article at least.
    expect(bought.length).toBeGreaterThan(50);
    const { rows } = await coverage(test, tenant);
    expect(rows).toBe(50);
    expect(await claimsOf(test, tenant)).toEqual([]);
  });

  it('leaves the article that comes second to buy the rest meanwhile', async ({
    twin,
    test,
    tenant,
    key,
  }) => {
    const hold = holder();
    twin.script(key, [{ kind: 'ok', heldUntil: hold.released }]);
    const first = await publish(test, tenant, shared);
    const second = await publish(test, tenant, `${shared}\n\n${own(1)}`);
    const [buyFirst, buySecond] = [await prepareCall(test, first), await prepareCall(test, second)];
    const buying = buyFirst();
    await called(twin, key, 1);
    expect(await buySecond()).toMatchObject({ kind: 'more' });
    expect(await buySecond()).toEqual({ kind: 'claimed', retryInMs: 1_000 });
    hold.release();
    expect(await buying).toMatchObject({ kind: 'embedded' });
    expect((await embedAll(test, second)).at(-1)).toBe('embedded');
    const bought = boughtWith(twin, key);
    expect(bought.length).toBe(new Set(bought).size);
  });

  it('is bought by another tenant at once, whatever this one holds', async ({ twin, test, tenant, key }) => {
    const otherKey = twinKey();
    const other = await test.createTenant(otherKey);
    const hold = holder();
    twin.script(key, [{ kind: 'ok', heldUntil: hold.released }]);
    const buyHere = await prepareCall(test, await publish(test, tenant, shared));
    const buyThere = await prepareCall(test, await publish(test, other, shared));
    const buying = buyHere();
    await called(twin, key, 1);
    expect((await buyThere()).kind).not.toBe('claimed');
    expect(boughtWith(twin, otherKey).length).toBeGreaterThan(0);
    expect(await claimsOf(test, other)).toEqual([]);
    expect((await claimsOf(test, tenant)).length).toBeGreaterThan(0);
    hold.release();
    await buying;
  });
});

describe('a claim', () => {
  it('of a process that died before it bought ends with its lease, and an article with the chunk is embedded, once', async ({
    twin,
    test,
    tenant,
    key,
  }) => {
    await leaveClaim(test, tenant, await publish(test, tenant, 'A short text.'));
    const article = await publish(test, tenant, 'A short text.');
    const buy = await prepareCall(test, article);
    expect(await buy()).toEqual({ kind: 'claimed', retryInMs: 1_000 });
    expect(await claimsOf(test, tenant)).toHaveLength(1);
    expect(twin.callsOf(key)).toEqual([]);
    await test.db.rawAsOwner(
      `update chunk_purchases set expires_at = expires_at - interval '61 seconds' where tenant_id = $1`,
      [tenant.id],
    );
    expect(await buy()).toMatchObject({ kind: 'embedded' });
    expect(twin.callsOf(key)).toHaveLength(1);
    expect(await claimsOf(test, tenant)).toEqual([]);
  });

  it('of a process that died is taken over at once by the next attempt of the same article', async ({
    twin,
    test,
    tenant,
    key,
  }) => {
    const article = await publish(test, tenant, 'A short text.');
    await leaveClaim(test, tenant, article);
    expect(await (await prepareCall(test, article))()).toMatchObject({ kind: 'embedded' });
    expect(twin.callsOf(key)).toHaveLength(1);
    expect(await claimsOf(test, tenant)).toEqual([]);
  });

  it('lasts longer than the longest call', async ({ twin, test, tenant, key }) => {
    const hold = holder();
    twin.script(key, [{ kind: 'ok', heldUntil: hold.released }]);
    const buy = await prepareCall(test, await publish(test, tenant, 'A short text.'));
    const buying = buy();
    await called(twin, key, 1);
    const [claim] = await claimsOf(test, tenant);
    hold.release();
    expect(claim?.lasts_s).toBeGreaterThan(50);
    expect(claim?.lasts_s).toBeLessThanOrEqual(60);
    await buying;
  });

  it.for([
    ['the provider fails', 'waits'],
    ['the provider rejects the key', 'failed'],
    ['Vault is away', 'waits'],
    ['the budget is used up', 'failed'],
  ] as const)('is given up when %s', async ([what, kind], { twin, vault, test, tenant, key }) => {
    const buy = await prepareCall(test, await publish(test, tenant, 'A short text.'));
    if (what === 'the provider fails') twin.script(key, [{ kind: 'status', status: 503 }]);
    if (what === 'the provider rejects the key') twin.script(key, [{ kind: 'status', status: 401 }]);
    if (what === 'the budget is used up') await setBudget(test, tenant, 1);
    if (what === 'Vault is away') {
      // One that no process has opened yet.
      await tenant.setEmbeddingKey(twinKey());
      await vault.cut();
    }
    try {
      expect((await buy()).kind).toBe(kind);
    } finally {
      if (what === 'Vault is away') await vault.restore();
    }
    expect(await claimsOf(test, tenant)).toEqual([]);
  });

  it('is given to one of many that want a part of it, and the others hold nothing', async ({
    test,
    tenant,
  }) => {
    const kind = { target: targetOf('m'), chunkerVersion };
    const hashes = Array.from({ length: 20 }, (_, i) => `hash-${i}`);
    const takes = await Promise.all(
      Array.from({ length: 50 }, (_, i) => {
        // Each wants another part, in another order, and all want one chunk.
        const wanted = [...hashes.slice(i % 19, (i % 19) + 2), 'everybody wants it'];
        const claim = claimOn(tenant.id, { kind, hashes: i % 2 ? wanted : wanted.reverse() });
        return test.services.database.withTenant(tenant.id, (tx) =>
          claim.take(tx, { callId: randomUUID(), leaseMs: 60_000 }),
        );
      }),
    );
    expect(takes.filter(Boolean)).toHaveLength(1);
    expect(await claimsOf(test, tenant)).toHaveLength(3);
  });

  it('is not given for a chunk that was bought between the plan of a call and its beginning', async ({
    test,
    tenant,
  }) => {
    const [first = { hash: '' }] = chunkArticle({ title: 'A title', body: shared });
    const article = await publish(test, tenant, shared);
    const kind = { target: targetOf('multilingual-e5-small'), chunkerVersion };
    const take = (hashes: readonly string[], of = tenant) =>
      test.services.database.withTenant(of.id, (tx) =>
        claimOn(of.id, { kind, hashes }).take(tx, { callId: randomUUID(), leaseMs: 0 }),
      );
    expect(await take([first.hash])).toBe(true);
    await embedAll(test, article);
    expect(await take(['another chunk', first.hash])).toBe(false);
    expect(await take(['another chunk'])).toBe(true);
    expect(await take([first.hash], await test.createTenant(twinKey()))).toBe(true);
  });

  it('that ran out and was taken by another call is not given up by the first', async ({ test, tenant }) => {
    const claim = claimOn(tenant.id, { kind: { target: targetOf('m'), chunkerVersion }, hashes: ['a', 'b'] });
    const [late, next] = [randomUUID(), randomUUID()];
    const within = test.services.database.withTenant;
    await within(tenant.id, (tx) => claim.take(tx, { callId: late, leaseMs: 0 }));
    expect(await within(tenant.id, (tx) => claim.take(tx, { callId: next, leaseMs: 60_000 }))).toBe(true);
    await within(tenant.id, (tx) => claim.release(tx, late));
    expect(await claimsOf(test, tenant)).toMatchObject([{ call_id: next }, { call_id: next }]);
  });
});

/** What a process leaves that is killed after the transaction which began its call for the article. */
async function leaveClaim(test: TestServices, tenant: TestTenant, article: ArticleRef): Promise<void> {
  const [chunk = { hash: '' }] = chunkArticle({ title: 'A title', body: 'A short text.' });
  const chunks = {
    kind: { target: targetOf('multilingual-e5-small'), chunkerVersion },
    hashes: [chunk.hash],
  };
  const claim = claimOn(tenant.id, chunks, article.articleId);
  await test.services.database.withTenant(tenant.id, (tx) =>
    claim.take(tx, { callId: randomUUID(), leaseMs: 60_000 }),
  );
}

/** Sections that each make a chunk of their own. */
const section = (title: string) => `## ${title}\n\n${`Words of ${title} and no other. `.repeat(60)}`;
const shared = ['First', 'Second', 'Third'].map(section).join('\n\n');
const own = (i: number) => section(`Own part ${i}`);

const publish = (test: TestServices, tenant: TestTenant, body: string) =>
  createArticle(test, tenant, { body });

/** Makes the third step until the article is embedded, as its workflow does; returns what each answered. */
async function embedAll(
  test: TestServices,
  article: ArticleRef,
  onStep: (kind: string) => void = () => undefined,
): Promise<string[]> {
  const kinds: string[] = [];
  const { steps } = test.services;
  const resolved = await steps.resolveKey(article);
  if (resolved.kind !== 'reference') throw new Error(resolved.kind);
  for (let i = 0; i < 500; i += 1) {
    const check = await steps.checkContentHash(article, resolved.key);
    if (check.kind === 'unchanged') return [...kinds, 'embedded'];
    if (check.kind !== 'missing') throw new Error(check.kind);
    const generated = await steps.generate(article, resolved.key, check.contentHash);
    kinds.push(generated.kind);
    onStep(generated.kind);
    if (generated.kind === 'embedded') return kinds;
    if (generated.kind !== 'more') await pause(100);
  }
  throw new Error(`not embedded: ${kinds.join(', ')}`);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Holds an answer of the provider back. */
function holder() {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { released, release: () => release() };
}

const boughtWith = (twin: ProviderTwin, key: string) => twin.callsOf(key).flatMap(({ inputs }) => inputs);

async function called(twin: ProviderTwin, key: string, times: number): Promise<void> {
  while (twin.callsOf(key).length < times) await pause(5);
}

const claimsOf = (test: TestServices, tenant: TestTenant) =>
  test.db.rawAsOwner(
    `select call_id, extract(epoch from expires_at - clock_timestamp())::int as lasts_s
       from chunk_purchases where tenant_id = $1`,
    [tenant.id],
  );

async function coverage(test: TestServices, tenant: TestTenant) {
  const [row] = await test.db.rawAsOwner(
    `select count(*)::int as rows from article_embeddings where tenant_id = $1 and status = 'embedded'`,
    [tenant.id],
  );
  return { rows: row?.rows };
}

async function setBudget(test: TestServices, tenant: TestTenant, tokens: number): Promise<void> {
  await test.services.llmConfig.update(tenant.actor, { monthly_token_budget: tokens });
}
