import { createHash } from 'node:crypto';
import { describe, expect } from 'vitest';
import { insertArticles } from '../../support/article-rows.ts';
import type { ArticleApi, TestTenant } from '../articles/article-api.ts';
import { newTenant } from '../articles/article-facts.ts';
import { factsOfSearch, type ScriptedQueries } from './search-facts.ts';
import { ask, readPages, search, titles, vectorsOf, write } from './search-tenant.ts';

// `servals(n)` makes a tenant with articles `T0` to `T<n-1>` about servals, the nearer to [1, 0, 0] the lower their number.
const it = factsOfSearch()
  .extend(
    'servals',
    ({ api, queries }) =>
      (articles: number) =>
        tenantWithServals(api, queries, articles),
  )
  .extend('margays', { scope: 'file' }, ({ api }) => tenantWithMargays(api));

describe('the pages of a search', () => {
  it.for(['keyword', 'semantic', 'hybrid'])(
    '%s give every hit once, in one order',
    async (mode, { servals }) => {
      const { tenant } = await servals(23);
      const whole = await search(tenant, { q: 'serval', mode, limit: '100' });
      expect(whole.data).toHaveLength(23);
      expect(whole.meta.next_cursor).toBeNull();
      const pages = await readPages(tenant, { q: 'serval', mode, limit: '5' });
      expect(pages.flatMap(({ data }) => data)).toEqual(whole.data);
      expect(pages.map(({ data }) => data.length)).toEqual([5, 5, 5, 5, 3]);
    },
  );

  it.for(['keyword', 'semantic', 'hybrid'])(
    '%s leave out and repeat nothing that stays, whatever is written between them',
    async (mode, { servals }) => {
      const { tenant, ids, embed } = await servals(20);
      const first = await search(tenant, { q: 'serval', mode, limit: '4' });
      const gone = new Set<string>();
      const written = new Set<string>();
      const pages = await readPages(tenant, { q: 'serval', mode, limit: '4' }, async (page) => {
        // An article that comes before all others, and the removal of one that has been seen: each shifts all others.
        for (let i = 0; i < 3; i += 1) {
          const id = await write(tenant, `Serval ${page} ${i}`, 'serval '.repeat(9));
          await embed(id, { [`new ${page} ${i}`]: [1, 0, 0] });
          written.add(id);
        }
        const seen: string = first.data[page % 4].id;
        gone.add(seen);
        await tenant.call('DELETE', `/articles/${seen}`);
      });
      const all = idsOf(pages);
      expect(new Set(all).size).toBe(all.length);
      expect(ids.filter((id) => !gone.has(id) && !all.includes(id))).toEqual([]);
      if (mode === 'keyword') expect(all.filter((id) => written.has(id))).toEqual([]);
    },
  );

  it.for(['keyword', 'hybrid'])(
    '%s do not repeat an article that an edit has put behind them',
    async (mode, { queries, servals }) => {
      const { tenant, ids } = await servals(12);
      // From the first page on words serve either.
      queries.answer = { kind: 'failed', code: 'circuit_open' };
      const seen: string[] = [];
      const pages = await readPages(tenant, { q: 'serval', mode, limit: '3' }, async (page) => {
        const whole = await search(tenant, { q: 'serval', mode, limit: '100' });
        if (page === 1) seen.push(...idsOf([whole]));
        // The longer a text, the less its one word counts: it falls to the end of the list.
        const body = { body: `serval ${Array.from({ length: 300 }, (_, i) => `w${i}`).join(' ')}` };
        for (const id of seen.slice((page - 1) * 3, page * 3)) {
          expect((await tenant.call('PATCH', `/articles/${id}`, { body })).status).toBe(200);
        }
        const now = idsOf([await search(tenant, { q: 'serval', mode, limit: '100' })]);
        expect(now.slice(-3 * page).sort()).toEqual(seen.slice(0, page * 3).sort());
      });
      expect(idsOf(pages)).toEqual(seen);
      expect([...seen].sort()).toEqual([...ids].sort());
    },
  );

  it('keep the spelling and the weights of the first', async ({ tenant }) => {
    for (let i = 0; i < 6; i += 1)
      await write(tenant, `T${i}`, `ocelots ${i % 2 ? 'climb' : 'hunt'} at night`);
    const query = { q: 'ocleots climb quietly', mode: 'keyword', limit: '2' };
    const whole = await search(tenant, { ...query, limit: '100' });
    expect(whole.data).toHaveLength(6);
    const pages = await readPages(tenant, query, async (page) => {
      // Now the word as it was typed is in an article, and another word has become common.
      await write(tenant, `C${page}`, 'ocleots climb, climb and climb');
    });
    const ids = idsOf([whole]);
    const before = pages
      .flatMap(({ data }) => data)
      .filter(({ id }) => ids.includes(id))
      .map(({ id, score }) => ({ id, score }));
    expect(before).toEqual(whole.data.map(({ id, score }: { id: string; score: number }) => ({ id, score })));
  });

  it('end after 500 articles by meaning, and go on by words', async ({ api, tenant, queries }) => {
    const { spaceId, asking } = await vectorsOf(api, tenant);
    await insertArticles(
      api.db,
      tenant.id,
      Array.from({ length: 530 }, (_, index) => ({ title: `T${index}`, body: 'serval' })),
    );
    await api.db.rawAsOwner(
      `with written as (select tenant_id, id, content_hash from articles where tenant_id = $1),
       states as (insert into article_embeddings (tenant_id, article_id, status) select tenant_id, id, 'pending' from written),
       vectors as (
         insert into chunk_vectors (tenant_id, article_id, space_id, chunk_hash, text, embedding)
         select tenant_id, id, $2, content_hash, 't', '[1,0,0]' from written)
       insert into article_manifests (tenant_id, article_id, space_id, content_hash, chunk_hashes)
       select tenant_id, id, $2, content_hash, array[content_hash] from written`,
      [tenant.id, spaceId],
    );
    queries.answer = asking([1, 0, 0]);
    const count = async (mode: string) =>
      new Set(idsOf(await readPages(tenant, { q: 'serval', mode, limit: '100' }))).size;
    expect(await count('semantic')).toBe(500);
    expect(await count('hybrid')).toBe(500);
    expect(await count('keyword')).toBe(530);
  });
});

describe('a search whose vectors fail between its pages', () => {
  it.for(['semantic', 'hybrid'])(
    '%s goes on by words without repeating anything',
    async (mode, { queries, servals }) => {
      const { tenant, ids } = await servals(13);
      const working = queries.answer;
      const pages = await readPages(tenant, { q: 'serval', mode, limit: '3' }, async (page) => {
        if (page === 2) queries.answer = { kind: 'failed', code: 'provider_timeout' };
        if (page === 3) queries.answer = working;
      });
      expect(idsOf(pages).sort()).toEqual([...ids].sort());
      expect(pages.map(({ meta }) => meta.served_mode)).toEqual([
        mode,
        mode,
        'keyword',
        'keyword',
        'keyword',
      ]);
      expect(pages.at(-1)?.meta).toMatchObject({ fallback: true, fallback_reason: 'provider_timeout' });
    },
  );

  it('goes on as it began when keywords had to serve the first, and asks for no vector again', async ({
    queries,
    servals,
  }) => {
    const { tenant, ids } = await servals(7);
    const working = queries.answer;
    queries.answer = { kind: 'failed', code: 'circuit_open', retryAfterMs: 30_000 };
    const pages = await readPages(tenant, { q: 'serval', limit: '3' }, async () => {
      queries.answer = working;
    });
    expect(idsOf(pages).sort()).toEqual([...ids].sort());
    const said = pages.map(({ meta: { next_cursor: _, ...meta } }) => meta);
    expect(said[0]).toMatchObject({
      served_mode: 'keyword',
      fallback: true,
      fallback_reason: 'circuit_open',
    });
    expect(said).toEqual([said[0], said[0], said[0]]);
    expect(queries.asked).toBe(1);
  });
});

it('shows the titles of pages in the order of their ranks', async ({ servals }) => {
  const { tenant } = await servals(6);
  const pages = await readPages(tenant, { q: 'serval', mode: 'semantic', limit: '4' });
  expect(pages.flatMap(titles)).toEqual(['T0', 'T1', 'T2', 'T3', 'T4', 'T5']);
  expect(pages.flatMap(({ data }) => data.map(({ ranks }: { ranks: object }) => ranks))).toEqual(
    [1, 2, 3, 4, 5, 6].map((semantic) => ({ keyword: null, semantic })),
  );
});

describe('a cursor', () => {
  it('is good for its own search, with pages of another size too', async ({
    margays: { tenant, cursor },
  }) => {
    expect((await search(tenant, { ...base, limit: '7', cursor })).data).toHaveLength(1);
  });

  it.for<[string, Record<string, string>]>([
    ['words', { q: 'two' }],
    ['mode', { mode: 'hybrid' }],
    ['category', { category: 'finding' }],
    ['tags', { tags: 'b' }],
    ['matching of tags', { tags_match: 'any' }],
  ])('is refused for other %s', async ([_, other], { margays: { tenant, cursor } }) => {
    const { status, body } = await ask(tenant, { ...base, cursor, ...other });
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ path: 'cursor', message: 'belongs to another search' }]);
  });

  it('is refused for another tenant', async ({ api, margays: { cursor } }) => {
    const other = await newTenant(api);
    await write(other, 'margay', 'b', { tags: ['a'] });
    const { status, body } = await ask(other, { ...base, cursor });
    expect(status).toBe(422);
    expect(body.errors[0].path).toBe('cursor');
  });

  describe('made up, with a right checksum', () => {
    it('is good when Postgres can take it', async ({ margays: { tenant } }) => {
      const { status, body } = await answerTo(tenant, (keyword) =>
        planned(
          { ...keyword, after: { id: '00000000-0000-4000-8000-000000000000', score: 1 } },
          { terms: [typed(1), corrected('margay')] },
        ),
      );
      expect(status).toBe(200);
      expect(body.data).toHaveLength(1);
    });

    it.for<[string, (keyword: { plan: object; after: object }) => object]>([
      ['holds a NUL', (keyword) => planned(keyword, { terms: [corrected('\u0000')] })],
      ['holds a control character', (keyword) => planned(keyword, { terms: [corrected('a\u0001')] })],
      ['holds half of a pair', (keyword) => planned(keyword, { terms: [corrected('\ud800')] })],
      ['holds no word', (keyword) => planned(keyword, { terms: [corrected('')] })],
      ['holds too long a word', (keyword) => planned(keyword, { terms: [corrected('x'.repeat(501))] })],
      ['holds no language', (keyword) => planned(keyword, { languages: ["en'"] })],
      ['has more terms than a query', (keyword) => planned(keyword, { terms: Array(25).fill(typed(1)) })],
      ['has articles without a word', (keyword) => planned(keyword, { averageLength: 0 })],
      ['counts more articles than an integer', (keyword) => planned(keyword, { articles: 2 ** 31 - 1 })],
      ['counts more words than an integer', (keyword) => planned(keyword, { terms: [typed(2 ** 53)] })],
      ['has a rank beyond all', (keyword) => ({ ...keyword, before: Number.MAX_SAFE_INTEGER })],
      ['has a score beyond all', (keyword) => ({ ...keyword, after: { ...keyword.after, score: 1e308 } })],
    ])('is refused when it %s', async ([_, change], { margays: { tenant } }) => {
      const { status, body } = await answerTo(tenant, change);
      expect(status).toBe(422);
      expect(body.errors).toEqual([{ path: 'cursor', message: 'is not a cursor of this list' }]);
    });

    it.for<[string, (keyword: { plan: object; after: { id: string } }) => object]>([
      ['counts none of the words', (keyword) => planned(keyword, { terms: [] })],
      ['counts one of the words', (keyword) => planned(keyword, { terms: [typed(1)] })],
      [
        'counts more words than there are',
        (keyword) => planned(keyword, { terms: Array(24).fill(typed(1)) }),
      ],
      [
        'counts as much as it may',
        (keyword) => planned(keyword, { terms: [typed(1), typed(1e9)], articles: 1e9, averageLength: 1e9 }),
      ],
      ['looks for an operator', (keyword) => planned(keyword, { terms: [corrected("'|!&\\")] })],
      ['makes one word of two', (keyword) => planned(keyword, { terms: [typed(1), corrected('margay')] })],
      [
        'looks for the beginning of a word that has none',
        (keyword) => planned(keyword, { terms: [{ as: 'prefix', count: 1 }] }),
      ],
      [
        'has options that the query has not',
        (keyword) => planned(keyword, { options: [{ isOption: true, count: 1 }] }),
      ],
      ['has the last rank of all', (keyword) => ({ ...keyword, before: 1e9 })],
      [
        'has the least score',
        (keyword) => ({ ...keyword, after: { ...keyword.after, score: Number.MIN_VALUE } }),
      ],
    ])(
      'is answered when it %s, and so are the pages behind it',
      async ([_, change], { margays: { tenant } }) => {
        const highest = { after: { id: '00000000-0000-4000-8000-000000000000', score: 1 } };
        const { status, body } = await answerTo(tenant, (keyword) => change({ ...keyword, ...highest }));
        expect(status).toBe(200);
        const next = body.meta.next_cursor;
        if (next !== null) expect((await ask(tenant, { ...twoWords, cursor: next })).status).toBe(200);
      },
    );
  });

  it('is refused when anything in it has been changed', async ({ margays: { tenant, cursor } }) => {
    const given = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const changed = [
      { ...given, served: 'hybrid' },
      { ...given, seenIds: 'AAAAAAAA' },
      { ...given, keyword: { ...given.keyword, before: 2 } },
      { ...given, keyword: { ...given.keyword, after: { ...given.keyword.after, score: 0.9 } } },
      { ...given, fallback: { code: 'no_api_key', retryAt: null } },
      { ...given, checksum: 'A'.repeat(16) },
      { ...given, keyword: undefined },
      {},
      [],
      7,
    ].map((value) => Buffer.from(JSON.stringify(value)).toString('base64url'));
    for (const forged of [
      ...changed,
      `${cursor}AA`,
      cursor.slice(1),
      cursor.slice(0, -5),
      '',
      'x'.repeat(2_001),
    ]) {
      const { status, body } = await ask(tenant, { ...base, cursor: forged });
      expect({ forged, status }).toEqual({ forged, status: 422 });
      expect(body.errors[0].path).toBe('cursor');
    }
  });
});

async function tenantWithServals(api: ArticleApi, queries: ScriptedQueries, articles: number) {
  const tenant = await newTenant(api);
  const vectors = await vectorsOf(api, tenant);
  const ids: string[] = [];
  for (let i = 0; i < articles; i += 1) {
    const id = await write(tenant, `T${i}`, 'serval '.repeat(1 + (i % 5)));
    await vectors.embed(id, { [`c${i}`]: [1, (i + 1) / 10, 0] });
    ids.push(id);
  }
  queries.answer = vectors.asking([1, 0, 0]);
  return { tenant, ids, ...vectors };
}

const base = { q: 'margay', mode: 'keyword', tags: 'a', limit: '1' };

/** A tenant with two articles about margays, and the cursor of page two of `base`. */
async function tenantWithMargays(api: ArticleApi) {
  const tenant = await newTenant(api);
  for (const title of ['margay one', 'margay two']) await write(tenant, title, 'b', { tags: ['a', 'b'] });
  const cursor: string = (await search(tenant, base)).meta.next_cursor;
  return { tenant, cursor };
}

const twoWords = { q: 'margay two', mode: 'keyword', limit: '1' };

/** Page two of a search whose cursor is changed and given the checksum that goes with it. */
async function answerTo(tenant: TestTenant, change: (keyword: ReturnType<typeof JSON.parse>) => object) {
  const { next_cursor } = (await search(tenant, twoWords)).meta;
  const { checksum: _, ...given } = JSON.parse(Buffer.from(next_cursor, 'base64url').toString());
  const made = { ...given, keyword: change(given.keyword) };
  const parts = [tenant.id, twoWords.q, twoWords.mode, null, [], 'all', made];
  const checksum = createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 16);
  const cursor = Buffer.from(JSON.stringify({ ...made, checksum })).toString('base64url');
  return ask(tenant, { ...twoWords, cursor });
}

/** The keyword part of a cursor, with a changed plan. */
function planned(keyword: { plan: object }, plan: object) {
  return { ...keyword, plan: { ...keyword.plan, ...plan } };
}

/** A term of a plan that is sought as it was typed. */
const typed = (count: number) => ({ as: 'typed', count });

/** A term of a plan that is sought by another word. */
const corrected = (word: string) => ({ as: { word }, count: 1 });

function idsOf(pages: readonly { data: { id: string }[] }[]): string[] {
  return pages.flatMap(({ data }) => data.map(({ id }) => id));
}
