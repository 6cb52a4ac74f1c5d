import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { describe, expect, vi } from 'vitest';
import { z } from 'zod';
import { failureTraits, guidanceOf } from '../../../src/domain/failures.ts';
import type { ArticleApi, TestTenant } from '../articles/article-api.ts';
import { newTenant } from '../articles/article-facts.ts';
import { factsOfSearch } from './search-facts.ts';
import { ask, search, titles, vectorsOf, write } from './search-tenant.ts';

// Tenants with articles that several facts share, made by the functions at the end.
const it = factsOfSearch()
  .extend('words', { scope: 'file' }, ({ api }) => tenantWithWords(api))
  .extend('manyWords', { scope: 'file' }, ({ api }) => tenantWithManyWords(api))
  .extend('typos', { scope: 'file' }, ({ api }) => tenantWithRareWords(api))
  .extend('canaries', { scope: 'file' }, ({ api }) => tenantWithCanaries(api))
  .extend('caracals', { scope: 'file' }, ({ api }) => tenantWithCaracals(api));

describe('keyword search', () => {
  it('finds published articles by their words, the title before the body, and asks no provider', async ({
    queries,
    words,
  }) => {
    const body = await search(words, { q: 'retries', mode: 'keyword' });
    expect(titles(body)).toEqual(['Retry budgets', 'Backoff']);
    expect(body.data[0]).toEqual({
      id: expect.any(String),
      title: 'Retry budgets',
      category: 'pattern',
      tags: ['net'],
      score: expect.any(Number),
      relevance: expect.closeTo(1, 1),
      snippet: 'At most one in ten.',
      heading: null,
      matched: ['keyword'],
      ranks: { keyword: 1, semantic: null },
    });
    expect(body.data[1].snippet).toContain('each <mark>retry</mark>.');
    expect(body.meta).toEqual({
      mode: 'keyword',
      served_mode: 'keyword',
      fallback: false,
      fallback_reason: null,
      who: null,
      next_step: null,
      coverage: { published: 2, embedded: 0 },
      retry_at: null,
      words: [{ word: 'retries', status: 'matched' }],
      nothing_relevant: false,
      reranked: false,
      rerank_reason: null,
      next_cursor: null,
    });
    expect(queries.asked).toBe(0);
  });

  it.for<[string, string[]]>([
    ['"waiting longer"', ['Backoff']],
    ['"longer waiting"', []],
    ['retry -backoff', ['Retry budgets']],
    ['longer or budgets', ['Retry budgets', 'Backoff']],
    ['retry longer', ['Backoff', 'Retry budgets']],
    ['"retry longer"', []],
    // Nothing else is asked for.
    ['-retry', ['Retry budgets', 'Backoff']],
  ])('understands %s', async ([q, expected], { words }) => {
    expect(titles(await search(words, { q, mode: 'keyword' }))).toEqual(expected);
  });

  it('filters by category and tags, all of them or any', async ({ words }) => {
    const found = async (filter: Record<string, string>) =>
      titles(await search(words, { q: 'retry', mode: 'keyword', ...filter }));
    expect(await found({ category: 'pattern' })).toEqual(['Retry budgets']);
    expect(await found({ tags: 'net' })).toHaveLength(2);
    expect(await found({ tags: 'net,http' })).toEqual(['Backoff']);
    expect(await found({ tags: 'net,http', tags_match: 'any' })).toHaveLength(2);
    expect(await found({ category: 'pattern', tags: 'http' })).toEqual([]);
  });

  it.for(['keyword', 'semantic', 'hybrid'])(
    '%s refuses a tag that no published article has, where nothing is found',
    async (mode, { queries, words }) => {
      const { status, body } = await ask(words, { q: 'retry', mode, tags: 'net,nte' });
      expect(status).toBe(422);
      expect(body.errors).toEqual([{ path: 'tags', message: 'no published article has "nte"' }]);
      const others = { q: 'retry', mode, tags: 'nte,nte2', tags_match: 'any' };
      expect((await ask(words, others)).body.errors[0].message).toBe(
        'no published article has "nte", "nte2"',
      );
      const elsewhere = { q: 'retry', mode, tags: 'http,nte', tags_match: 'any', category: 'pattern' };
      expect((await ask(words, elsewhere)).body.errors[0].message).toBe('no published article has "nte"');
      // Nothing that a vector would find: none has been paid for.
      expect(queries.asked).toBe(0);
      expect((await ask(words, { q: 'retry', mode, tags: 'net,nte', tags_match: 'any' })).status).toBe(200);
      expect((await ask(words, { q: 'unheard', mode, tags: 'net' })).status).toBe(200);
    },
  );

  it('lets no markup of an article into a snippet', async ({ words }) => {
    await write(
      words,
      'Injected',
      'zebra <script>alert("zebra")</script> <img src=x onerror=alert(1)> a < b & c',
    );
    const { data } = await search(words, { q: 'zebra', mode: 'keyword' });
    expect(data[0].snippet).toContain('<mark>zebra</mark>');
    expect(data[0].snippet.replaceAll(/<\/?mark>/g, '')).not.toMatch(/[<>"']/);
  });

  it('finds a word at the very end of a long text', async ({ words }) => {
    await write(words, 'Long', `${'word '.repeat(99_000)} quagga`);
    const { data } = await search(words, { q: 'quagga', mode: 'keyword' });
    expect(data).toHaveLength(1);
    expect(data[0].snippet.length).toBeLessThan(600);
  });

  it('bounds the snippet of one endless word', async ({ words }) => {
    await write(words, 'Okapi', `okapi ${'a'.repeat(100_000)}`);
    const { data } = await search(words, { q: 'okapi', mode: 'keyword' });
    expect(data[0].snippet.length).toBeLessThan(600);
  });
});

describe('keyword search for many words', () => {
  it('puts all of the words before some, and a rare word before a common one', async ({ manyWords }) => {
    const { data } = await search(manyWords, { q: 'ocelots sleeping in forests', mode: 'keyword' });
    expect(titles({ data }).slice(0, 2)).toEqual(['All', 'Rare']);
    expect(data[0].score).toBeGreaterThan(0.5);
    expect(data[1].score).toBeLessThan(0.5);
    expect(data[1].snippet).toContain('<mark>ocelot</mark>');
  });

  it('finds a name by its beginning, where nothing has the beginning alone', async ({ manyWords }) => {
    await write(manyWords, 'Setting', 'The lock_timeout is short.');
    expect(await found(manyWords, 'lock_timeout')).toEqual(['Setting']);
    expect(await found(manyWords, 'lock_time')).toEqual(['Setting']);
    await write(manyWords, 'Shorter', 'The lock_time is short.');
    expect(await found(manyWords, 'lock_time')).toEqual(['Shorter']);
  });

  it('keeps what is excluded out of the articles with some of the words', async ({ manyWords }) => {
    const [first, ...others] = await found(manyWords, 'ocelot forest -sleeping');
    expect(first).toBe('Rare');
    expect(others).not.toContain('All');
  });

  it('is answered for more words than it weighs', async ({ manyWords }) => {
    const words = Array.from({ length: 60 }, (_, i) => `w${i}`).join(' ');
    expect(await found(manyWords, `${words} ocelot`)).toEqual([]);
    const { data, meta } = await search(manyWords, { q: `ocelot ${words}`, mode: 'keyword' });
    expect(titles({ data })).toEqual(['Rare', 'All']);
    expect(meta.words.filter(({ status }: { status: string }) => status === 'too_many')).toHaveLength(37);
  });
});

describe('a misspelt word', () => {
  it.for(['kubrnetes', 'kuberentes', 'Kubbernetes', 'ukbernetes', 'canray', 'canary kubrnetes'])(
    '%s is looked for as the tenant’s articles spell it, and that is marked',
    async (q, { typos }) => {
      const { data } = await search(typos, { q, mode: 'keyword' });
      expect(titles({ data })).toEqual(['Scheduling']);
      expect(data[0].snippet).toMatch(/<mark>(Kubernetes|canary)<\/mark>/);
      expect(data[0].score).toBeGreaterThan(0.5);
    },
  );

  it.for<[string, string]>([
    ['an identifier', 'ERR_4413'],
    ['a word that is like none', 'zebra'],
    ['a short word', 'pds'],
    ['a word of a draft', 'pangolyn'],
    ['a word of another tenant', 'armadilo'],
  ])('%s stays what it is', async ([_, q], { typos }) => {
    expect(await found(typos, q)).toEqual([]);
  });

  it('is none where only the filter hides its articles', async ({ typos }) => {
    await write(typos, 'Like it', 'kubernetez', { category: 'idea' });
    const filtered = { q: 'kubernetes', mode: 'keyword', category: 'idea' };
    expect(titles(await search(typos, filtered))).toEqual([]);
    expect(titles(await search(typos, { ...filtered, q: 'kubernetzz' }))).toEqual(['Like it']);
  });

  it('is left alone where something has been found as it was typed', async ({ typos }) => {
    expect(await found(typos, 'canray or retry')).toEqual(['Codes']);
    await write(typos, 'Misspelt too', 'kubrnetes');
    expect(await found(typos, 'kubrnetes')).toEqual(['Misspelt too']);
  });
});

describe('what a search by words asks Postgres', () => {
  it('is a word once, however often it is typed', async ({ canaries }) => {
    const ranking = async (q: string) =>
      (await statementsOf(canaries, q)).find(({ text }) => text.includes('rank_few_by_words'))?.values;
    expect(await ranking('canary')).toBeDefined();
    expect(await ranking(`${'canary '.repeat(60)} -pods`)).toEqual(await ranking('canary -pods'));
  });

  it('is the spelling of those words alone that no article has', async ({ canaries }) => {
    expect(await spelt(canaries, 'canary kubernetes')).toEqual([]);
    expect(await spelt(canaries, 'canary kubernetes', { category: 'finding' })).toEqual([]);
    expect(await spelt(canaries, 'canary kubrnetes pods')).toEqual([['kubrnetes']]);
  });
});

describe('semantic search', () => {
  it('ranks articles by their best chunk and shows its passage', async ({ api, queries, tenant }) => {
    const { embed, asking } = await vectorsOf(api, tenant);
    await embed(await write(tenant, 'Far', 'b'), { 'far away': [0, 0, 1] });
    await embed(await write(tenant, 'Near', 'b'), {
      'off the point': [0, 1, 0],
      'to <the> point': [3, 0.3, 0],
    });
    await embed(await write(tenant, 'Nearest', 'b'), { 'the point': [5, 0, 0] });
    queries.answer = asking([1, 0, 0]);
    const body = await search(tenant, { q: 'anything', mode: 'semantic' });
    expect(titles(body)).toEqual(['Nearest', 'Near', 'Far']);
    expect(body.data[1]).toMatchObject({ snippet: 'to &lt;the&gt; point', matched: ['semantic'] });
    expect(body.data.map(({ score }: { score: number }) => score)).toEqual([
      1,
      expect.closeTo(0.995, 3),
      expect.closeTo(0, 6),
    ]);
    expect(body.meta).toMatchObject({
      mode: 'semantic',
      served_mode: 'semantic',
      fallback: false,
      fallback_reason: null,
      who: null,
      next_step: null,
      coverage: { published: 3, embedded: 3 },
    });
  });

  it('does not see the vectors of a text that is no longer the article’s', async ({
    api,
    queries,
    tenant,
  }) => {
    const { embed, asking, spaceId } = await vectorsOf(api, tenant);
    const edited = await write(tenant, 'Edited', 'before');
    const tagged = await write(tenant, 'Tagged', 'b');
    const shortened = await write(tenant, 'Shortened', 'b');
    await embed(edited, { before: [1, 0, 0] });
    await embed(tagged, { tagged: [1, 0, 0] });
    await embed(shortened, { kept: [0, 1, 0], dropped: [1, 0, 0] });
    queries.answer = asking([1, 0, 0]);
    const now = async () => {
      const { data, meta } = await search(tenant, { q: 'x', mode: 'semantic' });
      return {
        scores: Object.fromEntries(
          data.map((hit: { title: string; score: number }) => [hit.title, hit.score]),
        ),
        meta,
      };
    };
    expect((await now()).scores).toEqual({ Edited: 1, Tagged: 1, Shortened: 1 });

    await tenant.call('PATCH', `/articles/${edited}`, { body: { body: 'after' } });
    await tenant.call('PATCH', `/articles/${tagged}`, { body: { tags: ['new'] } });
    await api.db.database.withTenant(tenant.id, (tx) =>
      tx('article_manifests')
        .where({ article_id: shortened, space_id: spaceId })
        .update({ chunk_hashes: ['hash of kept'] }),
    );
    const then = await now();
    expect(then.scores).toEqual({ Shortened: 0 });
    expect(then.meta.coverage).toEqual({ published: 3, embedded: 1 });

    // A revert finds its vectors again, without a call.
    await tenant.call('PATCH', `/articles/${edited}`, { body: { body: 'before' } });
    expect((await now()).scores).toEqual({ Edited: 1, Shortened: 0 });
  });

  it('shows neither drafts nor archived articles nor vectors of another space', async ({
    api,
    queries,
    tenant,
  }) => {
    const { embed, asking } = await vectorsOf(api, tenant);
    const draft = await write(tenant, 'Draft', 'b');
    const archived = await write(tenant, 'Archived', 'b');
    await embed(draft, { d: [1, 0, 0] });
    await embed(archived, { a: [1, 0, 0] });
    await tenant.call('POST', `/articles/${draft}/unpublish`);
    await tenant.call('DELETE', `/articles/${archived}`);
    const shown = await write(tenant, 'Shown', 'b');
    await embed(shown, { s: [0, 1, 0] });
    queries.answer = asking([1, 0, 0]);
    expect(titles(await search(tenant, { q: 'x', mode: 'semantic' }))).toEqual(['Shown']);
    queries.answer = { kind: 'vector', spaceId: randomUUID(), model: 'other', vector: [1, 0, 0] };
    expect(titles(await search(tenant, { q: 'x', mode: 'semantic' }))).toEqual([]);
  });

  it('filters, and skips a vector without direction', async ({ api, queries, tenant }) => {
    const { embed, asking } = await vectorsOf(api, tenant);
    await embed(await write(tenant, 'A', 'b', { tags: ['t', 'u'], category: 'idea' }), { a: [1, 0, 0] });
    await embed(await write(tenant, 'B', 'b', { tags: ['t'] }), { b: [1, 1, 0] });
    await embed(await write(tenant, 'Zero', 'b', { tags: ['t'] }), { z: [0, 0, 0] });
    queries.answer = asking([1, 0, 0]);
    const found = async (filter: Record<string, string>) =>
      titles(await search(tenant, { q: 'x', mode: 'semantic', ...filter }));
    expect(await found({})).toEqual(['A', 'B']);
    expect(await found({ category: 'finding' })).toEqual(['B']);
    expect(await found({ tags: 't,u' })).toEqual(['A']);
  });

  it('never finds another tenant’s article, by the same space id or words', async ({ api, queries }) => {
    const [mine, theirs] = [await newTenant(api), await newTenant(api)];
    const { embed, asking } = await vectorsOf(api, theirs);
    await embed(await write(theirs, 'Secret', 'word'), { secret: [1, 0, 0] });
    await write(mine, 'Own', 'word');
    queries.answer = asking([1, 0, 0]);
    const { data, meta } = await search(mine, { q: 'word', mode: 'semantic' });
    expect(titles({ data })).toEqual(['Own']);
    expect(meta).toMatchObject({ served_mode: 'keyword', fallback_reason: 'vectors_pending' });
    expect(titles(await search(mine, { q: 'word', mode: 'keyword' }))).toEqual(['Own']);
  });
});

describe('hybrid search', () => {
  it('fuses both rankings, says what matched, and is the default', async ({ api, queries, tenant }) => {
    const { embed, asking } = await vectorsOf(api, tenant);
    await embed(await write(tenant, 'Meaning only', 'b'), { 'near in meaning': [1, 0.1, 0] });
    await embed(await write(tenant, 'Both', 'a grey lynx'), { 'a grey lynx': [1, 0.2, 0] });
    await write(tenant, 'Words only', 'a lynx and a lynx');
    await embed(await write(tenant, 'Far', 'c'), { 'far in meaning': [0, 1, 0] });
    queries.answer = asking([1, 0, 0]);
    for (const mode of [{}, { mode: 'hybrid' }, { mode: 'combined' }]) {
      const { data, meta } = await search(tenant, { q: 'lynx', ...mode });
      const found = Object.fromEntries(
        data.map(({ title, matched, ranks }: { title: string; matched: string[]; ranks: object }) => [
          title,
          { matched, ranks },
        ]),
      );
      expect(found).toEqual({
        Both: { matched: ['keyword', 'semantic'], ranks: { keyword: 2, semantic: 2 } },
        'Meaning only': { matched: ['semantic'], ranks: { keyword: null, semantic: 1 } },
        'Words only': { matched: ['keyword'], ranks: { keyword: 1, semantic: null } },
        Far: { matched: ['semantic'], ranks: { keyword: null, semantic: 3 } },
      });
      const scores = data.map(({ score }: { score: number }) => score);
      expect(scores).toEqual(scores.toSorted((left: number, right: number) => right - left));
      expect(Math.max(...scores)).toBeLessThan(1);
      expect(Math.min(...scores)).toBeGreaterThan(0);
      expect(data[0].title).toBe('Both');
      expect(data[0].snippet).toBe('a grey <mark>lynx</mark>');
      expect(meta).toMatchObject({
        mode: 'hybrid',
        served_mode: 'hybrid',
        fallback: false,
        coverage: { published: 4, embedded: 3 },
      });
    }
  });
});

describe('an article with some of the words', () => {
  it('is a hint to a search by both, and among the first three with most of the query', async ({
    api,
    queries,
    tenant,
  }) => {
    const { embed, asking } = await vectorsOf(api, tenant);
    for (let i = 0; i < 5; i += 1) {
      await embed(await write(tenant, `Near ${i}`, 'what was meant'), { [`n${i}`]: [1, i / 10, 0] });
    }
    await embed(await write(tenant, 'Little', 'it grazes'), { little: [1, 0.9, 0] });
    await embed(await write(tenant, 'Half', 'an okapi grazes'), { half: [1, 0.82, 0] });
    queries.answer = asking([1, 0, 0]);
    const found = async (mode: string, q = 'okapi grazes unseen') => {
      const { data } = await search(tenant, { q, mode });
      return data.map(({ title, matched }: { title: string; matched: string[] }) =>
        [title, ...matched].join(),
      );
    };
    expect(await found('keyword')).toEqual(['Half,keyword', 'Little,keyword']);
    expect(await found('hybrid')).toEqual([
      ...['Near 0,semantic', 'Near 1,semantic', 'Near 2,semantic'],
      ...['Near 3,semantic', 'Near 4,semantic', 'Half,keyword,semantic', 'Little,keyword,semantic'],
    ]);
    // The unseen word was more than a third of the query. Without it the same article has all of it.
    expect((await found('hybrid', 'okapi grazes')).slice(0, 3)).toContain('Half,keyword,semantic');
  });

  it('is taken to be as near as the last by meaning while its vectors are being made', async ({
    api,
    queries,
    tenant,
  }) => {
    const { embed, asking } = await vectorsOf(api, tenant);
    await write(tenant, 'Third', 'it grazes');
    await embed(await write(tenant, 'Near', 'what was meant'), { near: [1, 0, 0] });
    await embed(await write(tenant, 'Far', 'something else'), { far: [0, 1, 0] });
    queries.answer = asking([1, 0, 0]);
    const found = async (mode: string) =>
      (await search(tenant, { q: 'grazes okapi', mode })).data.map(({ title }: { title: string }) => title);
    expect(await found('keyword')).toEqual(['Third']);
    expect(await found('hybrid')).toEqual(['Near', 'Third', 'Far']);
  });
});

describe('what a query excludes', () => {
  it('is found in no mode, however near its vector is', async ({ api, queries, tenant }) => {
    const { embed, asking } = await vectorsOf(api, tenant);
    await embed(await write(tenant, 'Wanted', 'an okapi grazes'), { wanted: [1, 0.9, 0] });
    await embed(await write(tenant, 'Unwanted', 'an okapi grazes among zebras'), { unwanted: [1, 0, 0] });
    await embed(await write(tenant, 'Near', 'something else'), { near: [1, 0.5, 0] });
    queries.answer = asking([1, 0, 0]);
    const found = async (q: string, mode: string) =>
      (await search(tenant, { q, mode })).data.map(({ title }: { title: string }) => title);
    expect(await found('okapi -zebra', 'keyword')).toEqual(['Wanted']);
    expect(await found('okapi -zebra', 'semantic')).toEqual(['Near', 'Wanted']);
    expect(await found('okapi -zebra', 'hybrid')).toEqual(['Wanted', 'Near']);
    expect(await found('okapi -"among zebras" -grazes', 'semantic')).toEqual(['Near']);
    // A hyphen excludes nothing.
    expect(await found('okapi-zebra', 'semantic')).toEqual(['Unwanted', 'Near', 'Wanted']);
  });
});

describe('the coverage', () => {
  it('counts what the serving space finds, whatever the state of an article says', async ({
    api,
    queries,
    tenant,
  }) => {
    const within = api.db.database.withTenant;
    const serving = await vectorsOf(api, tenant);
    const next = await vectorsOf(api, tenant, { serving: false });
    const ids: string[] = [];
    for (let i = 0; i < 8; i += 1) ids.push(await write(tenant, `T${i}`, `b${i}`));
    const [done, moved, movedBoth, waiting, edited, reverted, blocked, failed] = ids;
    const state = (id: string | undefined, status: string, spaceId: string | null = null) =>
      within(tenant.id, (tx) =>
        tx('article_embeddings').where({ article_id: id }).update({ status, space_id: spaceId }),
      );
    for (const id of [done, movedBoth, edited, reverted, blocked]) {
      await serving.embed(id ?? '', { [`of ${id}`]: [1, 0, 0] });
    }
    for (const id of [moved, movedBoth]) await next.embed(id ?? '', { [`of ${id}`]: [1, 0, 0] });
    await state(done, 'embedded', serving.spaceId);
    await state(moved, 'embedded', next.spaceId);
    await state(movedBoth, 'embedded', next.spaceId);
    await state(blocked, 'blocked');
    await state(failed, 'failed');
    await tenant.call('PATCH', `/articles/${edited}`, { body: { body: 'after' } });
    await tenant.call('PATCH', `/articles/${reverted}`, { body: { body: 'after' } });
    await tenant.call('PATCH', `/articles/${reverted}`, { body: { body: 'b5' } });
    await tenant.call('DELETE', `/articles/${await write(tenant, 'Archived', 'b')}`);
    await write(tenant, 'Draft', 'b', { status: 'draft' });

    queries.answer = serving.asking([1, 0, 0]);
    const counted = async () => {
      const { data, meta } = await search(tenant, { q: 'x', mode: 'semantic' });
      expect(meta.coverage.embedded).toBe(data.length);
      return meta.coverage;
    };
    // Found: done, movedBoth, reverted and blocked. Not: moved, waiting, edited, failed.
    expect(await counted()).toEqual({ published: 8, embedded: 4 });
    await serving.embed(waiting ?? '', { w: [1, 0, 0] });
    expect(await counted()).toEqual({ published: 8, embedded: 5 });

    await within(tenant.id, async (tx) => {
      await tx('embedding_spaces').where({ id: serving.spaceId }).update({ state: 'retired' });
      await tx('embedding_spaces').where({ id: next.spaceId }).update({ state: 'serving' });
    });
    queries.answer = next.asking([1, 0, 0]);
    expect(await counted()).toEqual({ published: 8, embedded: 2 });
  });
});

describe('a search that cannot have its vector', () => {
  it.for(['semantic', 'hybrid'])(
    '%s serves keywords and says why and until when',
    async (mode, { queries, caracals }) => {
      queries.answer = { kind: 'failed', code: 'circuit_open', retryAfterMs: 20_000 };
      const before = Date.now();
      const body = await search(caracals, { q: 'caracal', mode });
      expect(titles(body)).toEqual(['Caracal']);
      expect(body.data[0].matched).toEqual(['keyword']);
      expect(body.meta).toMatchObject({
        mode,
        served_mode: 'keyword',
        fallback: true,
        fallback_reason: 'circuit_open',
        coverage: { published: 1, embedded: 0 },
      });
      const inMs = Date.parse(body.meta.retry_at) - before;
      expect(inMs).toBeGreaterThanOrEqual(20_000);
    },
  );

  it.for(['vault_unavailable', 'credential_rejected', 'provider_timeout', 'internal'] as const)(
    'passes the reason %s on, without a time where there is none',
    async (code, { queries, caracals }) => {
      queries.answer = { kind: 'failed', code };
      const { meta } = await search(caracals, { q: 'caracal' });
      expect(meta).toMatchObject({ fallback: true, fallback_reason: code, retry_at: null });
      expect(meta).toMatchObject(guidanceOf(code));
    },
  );

  it('says the reason of the articles when they have none of their vectors yet', async ({
    api,
    caracals,
  }) => {
    const { meta } = await search(caracals, { q: 'caracal' });
    expect(meta).toMatchObject({
      served_mode: 'keyword',
      fallback: true,
      fallback_reason: 'vectors_pending',
    });
    expect(meta).toMatchObject({ who: 'wait', next_step: failureTraits.vectors_pending.nextStep });
    const reason = (status: string, why: string | null) =>
      api.db.database.withTenant(caracals.id, (tx) =>
        tx('article_embeddings').update({ status, reason: why }),
      );
    await reason('blocked', 'quota_exhausted');
    expect((await search(caracals, { q: 'caracal' })).meta.fallback_reason).toBe('quota_exhausted');
    await reason('pending', null);
  });

  it('is no fallback where nothing is published', async ({ tenant }) => {
    const { data, meta } = await search(tenant, { q: 'caracal', mode: 'semantic' });
    expect(data).toEqual([]);
    expect(meta).toMatchObject({
      served_mode: 'semantic',
      fallback: false,
      coverage: { published: 0, embedded: 0 },
    });
  });
});

async function found(tenant: TestTenant, q: string): Promise<string[]> {
  return titles(await search(tenant, { q, mode: 'keyword' }));
}

async function tenantWithWords(api: ArticleApi): Promise<TestTenant> {
  const tenant = await newTenant(api);
  await write(tenant, 'Backoff', 'Waiting longer after each retry. '.repeat(3), { tags: ['net', 'http'] });
  await write(tenant, 'Retry budgets', 'At most one in ten.', { tags: ['net'], category: 'pattern' });
  await write(tenant, 'Hidden draft', 'retry', { status: 'draft' });
  const archived = await write(tenant, 'Archived', 'retry');
  await tenant.call('DELETE', `/articles/${archived}`);
  return tenant;
}

async function tenantWithManyWords(api: ArticleApi): Promise<TestTenant> {
  const tenant = await newTenant(api);
  await write(tenant, 'All', 'An ocelot sleeps on a branch in the forest.');
  await write(tenant, 'Rare', 'The ocelot, the ocelot.');
  for (let i = 0; i < 6; i += 1)
    await write(tenant, `Common ${i}`, 'A forest. Forests, and once more forest.');
  return tenant;
}

async function tenantWithRareWords(api: ArticleApi): Promise<TestTenant> {
  const tenant = await newTenant(api);
  await write(tenant, 'Scheduling', 'Kubernetes places pods. A canary goes first.');
  await write(tenant, 'Codes', 'ERR_4412 is not worth a retry.');
  await write(tenant, 'Hidden', 'pangolin', { status: 'draft' });
  const others = await newTenant(api);
  await write(others, 'Theirs', 'armadillo');
  return tenant;
}

async function tenantWithCanaries(api: ArticleApi): Promise<TestTenant> {
  const tenant = await newTenant(api);
  await write(tenant, 'One', 'A canary goes first.');
  await write(tenant, 'Other', 'Kubernetes places pods.', { category: 'idea' });
  return tenant;
}

async function tenantWithCaracals(api: ArticleApi): Promise<TestTenant> {
  const tenant = await newTenant(api);
  await write(tenant, 'Caracal', 'b');
  return tenant;
}

/** The statements of a search by words, with their values. */
async function statementsOf(tenant: TestTenant, q: string, filter: Record<string, string> = {}) {
  const query = vi.spyOn(pg.Client.prototype, 'query');
  try {
    await search(tenant, { q, mode: 'keyword', ...filter });
    const statement = z.object({ text: z.string(), values: z.array(z.unknown()).default([]) });
    return query.mock.calls.flatMap(([sent]: readonly unknown[]) => {
      const parsed = statement.safeParse(sent);
      return parsed.success ? [parsed.data] : [];
    });
  } finally {
    query.mockRestore();
  }
}

/** The words whose spelling is looked up, by statement. */
async function spelt(tenant: TestTenant, q: string, filter: Record<string, string> = {}) {
  return (await statementsOf(tenant, q, filter))
    .filter(({ text }) => text.includes('similarity'))
    .map(({ values }) => values.find(Array.isArray));
}
