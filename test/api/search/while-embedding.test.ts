import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import type { QueryVector } from '../../../src/search/query-embedding.ts';
import { createSearchService } from '../../../src/search/service.ts';
import { type ArticleApi, noReranking } from '../articles/article-api.ts';
import { factsOfArticles } from '../articles/article-facts.ts';
import { vectorsOf, write } from './search-tenant.ts';

const it = factsOfArticles();

describe('a search by words and meaning', () => {
  it('ranks the words while the query is being embedded', async ({ api, tenant }) => {
    await write(tenant, 'Lynx', 'b');
    // The provider answers only after the words have been ranked: ranking them after its answer would never end.
    const search = searchWith(api, async (firstEnded) => {
      await firstEnded;
      return { kind: 'failed', code: 'provider_timeout' };
    });
    const searching = search.search(tenant.id, { q: 'lynx', mode: 'hybrid', limit: 10 });
    const result = await Promise.race([searching, delay(10_000, undefined, { ref: false })]);
    expect(result).toMatchObject({ kind: 'found', servedMode: 'keyword', hits: [{ title: 'Lynx' }] });
    // The words and the coverage share one; the rest follows them.
    expect(search.mostConnections()).toBe(1);
  });

  it('does not show an article that was unpublished after its words were ranked', async ({ api, tenant }) => {
    const [kept, gone] = [await write(tenant, 'Lynx', 'b'), await write(tenant, 'A lynx too', 'b')];
    const { embed, asking } = await vectorsOf(api, tenant);
    for (const id of [kept, gone]) await embed(id, { [id]: [1, 0, 0] });
    for (const answer of [asking([1, 0, 0]), { kind: 'failed', code: 'circuit_open' } as const]) {
      const search = searchWith(api, async (firstEnded) => {
        await firstEnded;
        await tenant.call('POST', `/articles/${gone}/unpublish`);
        return answer;
      });
      const result = await search.search(tenant.id, { q: 'lynx', mode: 'hybrid', limit: 10 });
      expect(result.kind === 'found' && result.hits.map(({ id }) => id)).toEqual([kept]);
      await tenant.call('POST', `/articles/${gone}/publish`);
    }
  });
});

/** A search whose query is embedded by `embed`. `firstEnded` resolves when the first transaction of the search has ended. */
function searchWith(
  { db: { database } }: ArticleApi,
  embed: (firstEnded: Promise<void>) => Promise<QueryVector>,
) {
  let under = 0;
  let most = 0;
  let ended: () => void = () => undefined;
  const firstEnded = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const search = createSearchService({
    database: {
      ...database,
      async readTenantByKeptPlans(tenantId, work) {
        under += 1;
        most = Math.max(most, under);
        try {
          return await database.readTenantByKeptPlans(tenantId, work);
        } finally {
          under -= 1;
          ended();
        }
      },
    },
    reranking: noReranking,
    queryEmbeddings: { embedQuery: () => embed(firstEnded) },
    blocked: { note: async () => undefined },
  });
  return { ...search, mostConnections: () => most };
}
