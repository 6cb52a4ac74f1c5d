import { describe, expect } from 'vitest';
import { factsOfSearch } from './search-facts.ts';
import { ask, readPages, search, titles, vectorsOf, write } from './search-tenant.ts';

const it = factsOfSearch({ kind: 'failed', code: 'no_api_key' });

describe('the relevance of hits', () => {
  it('is high by words with all of the query, and low with a word of it by chance', async ({ tenant }) => {
    await write(tenant, 'Canary releases', 'A canary is an experiment with a control group.');
    const [all, chance] = [
      await search(tenant, { q: 'canary experiment', mode: 'keyword' }),
      await search(tenant, { q: 'canary birds eating seeds', mode: 'keyword' }),
    ];
    expect(all.data[0].relevance).toBeGreaterThan(0.9);
    expect(all.meta.nothing_relevant).toBe(false);
    expect(titles(chance)).toEqual(['Canary releases']);
    expect(chance.data[0].relevance).toBeLessThan(0.5);
    expect(chance.meta.nothing_relevant).toBe(true);
  });

  it('is told for a search that finds nothing: nothing is relevant', async ({ tenant }) => {
    expect((await search(tenant, { q: 'zebra' })).meta).toMatchObject({
      nothing_relevant: true,
      fallback_reason: 'no_api_key',
    });
  });

  it('is high by meaning for what is nearer than the tenant’s texts are to each other', async ({
    api,
    queries,
    tenant,
  }) => {
    const vectors = await vectorsOf(api, tenant);
    await vectors.embed(await write(tenant, 'Near', 'One.'), { one: [1, 0, 0] });
    await vectors.embed(await write(tenant, 'Far', 'Two.'), { two: [0, 1, 0] });
    await vectors.embed(await write(tenant, 'Farther', 'Three.'), { three: [0, 0, 1] });
    for (const mode of ['semantic', 'hybrid']) {
      queries.answer = vectors.asking([1, 0.05, 0]);
      const { data, meta } = await search(tenant, { q: 'something', mode });
      expect(data[0]).toMatchObject({ title: 'Near', relevance: expect.closeTo(1, 1) });
      expect(data[1].relevance).toBeLessThan(0.5);
      expect(meta).toMatchObject({ nothing_relevant: false, fallback: false });
    }
  });

  it('leaves out of a page what has less than asked for', async ({ tenant }) => {
    await write(tenant, 'Both', 'An ostrich and a zebra.');
    await write(tenant, 'One', 'A zebra.');
    const q = 'ostrich zebra lion tiger';
    const least = (value: string) => search(tenant, { q, mode: 'keyword', min_relevance: value });
    const all = await least('0');
    expect(titles(all)).toEqual(['Both', 'One']);
    const between = (all.data[0].relevance + all.data[1].relevance) / 2;
    expect(titles(await least(String(between)))).toEqual(['Both']);
    const none = await least('1');
    expect(none.data).toEqual([]);
    expect(none.meta.next_cursor).toBeNull();
  });

  it('goes through the pages: each relevant hit comes once, and a page without one is the last', async ({
    tenant,
  }) => {
    for (let i = 0; i < 5; i += 1) await write(tenant, `Both ${i}`, 'An ostrich and a zebra.');
    for (let i = 0; i < 6; i += 1) await write(tenant, `One ${i}`, 'A zebra.');
    const query = { q: 'ostrich zebra lion', mode: 'keyword', limit: '2' };
    const { data } = await search(tenant, { ...query, limit: '100' });
    expect(data).toHaveLength(11);
    const between = String((data[4].relevance + data[5].relevance) / 2);
    const pages = await readPages(tenant, { ...query, min_relevance: between });
    expect(pages.map((page) => page.data.length)).toEqual([2, 2, 1, 0]);
    expect(pages.flatMap((page) => page.data)).toEqual(data.slice(0, 5));
    const all = await readPages(tenant, { ...query, min_relevance: '0' });
    expect(all.flatMap((page) => page.data)).toEqual(data);
  });

  it.for(['-0.1', '1.1', 'much', 'NaN', 'Infinity', ''])(
    'cannot be asked for as %s',
    async (value, { tenant }) => {
      const { status, body } = await ask(tenant, { q: 'zebra', min_relevance: value });
      expect(status).toBe(422);
      expect(body.errors).toMatchObject([{ path: 'min_relevance' }]);
    },
  );
});
