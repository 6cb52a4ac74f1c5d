import { describe, expect } from 'vitest';
import { createArticle } from '../../support/articles.ts';
import { embedOnce } from '../../support/embed-once.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { prepareCall } from '../../support/prepare-call.ts';

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
    const generate = await prepareCall(test, article);
    await generate();
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

const sections = (from: number, to: number) =>
  Array.from(
    { length: to - from },
    (_, i) => `## Part ${from + i}\n\n${`Words of part ${from + i} and no other. `.repeat(60)}`,
  ).join('\n\n');
