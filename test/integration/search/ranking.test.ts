import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { loadHits } from '../../../src/search/hits.ts';
import type { KeywordRanking } from '../../../src/search/keyword/keyword.ts';
import type { RankedByWords } from '../../../src/search/keyword/words-read-model.ts';
import { rankWithVector } from '../../../src/search/ranking.ts';
import { createBackgrounds } from '../../../src/vectors/backgrounds.ts';
import { insertVectors, upsertManifest } from '../../../src/vectors/chunk-store.ts';
import { ensureSpace } from '../../../src/vectors/spaces.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { targetOf } from '../../support/targets.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

// Four articles, the nearest in meaning first, and what words have found of them.
const it = factsOfServices().extend('four', ({ test, tenant }) => fourArticles(test, tenant));

describe('a search by both', () => {
  it('puts the first full match by words among the first three', async ({ four }) => {
    const byWords = [randomUUID(), randomUUID()];
    const ranked = await four.rank(byWords.map((id) => ({ id, evidence: 0.02, share: 1 })));
    expect(ranked.slice(0, 3)).toContain(byWords[0]);
    expect(ranked.slice(0, 3)).not.toContain(byWords[1]);
  });

  it('lifts what has half of the words by some ranks', async ({ four }) => {
    const [a, b] = four.ids;
    expect((await four.rank([{ id: b, evidence: 0.6, share: 0.5 }])).slice(0, 2)).toEqual([b, a]);
  });

  it('lifts nothing by what few words of the query hint at', async ({ four }) => {
    const [a, b] = four.ids;
    expect((await four.rank([{ id: b, evidence: 0.2, share: 0.2 }])).slice(0, 2)).toEqual([a, b]);
  });

  it('trusts words less where most of the query is in no article', async ({ four }) => {
    const [a, b] = four.ids;
    const hits = [{ id: b, evidence: 0.6, share: 0.15 }];
    expect((await four.rank(hits, 10, 0.3)).slice(0, 2)).toEqual([a, b]);
  });

  it('looks further in each ranking than its page is long', async ({ four }) => {
    const [, , c, d] = four.ids;
    expect(await four.rank([], 1)).toEqual(four.ids);
    // High in one ranking and low in the other: together it is the best.
    const words = [
      { id: d, evidence: 0.9, share: 1 },
      { id: c, evidence: 0.2, share: 1 },
    ];
    expect((await four.rank(words, 1))[0]).toBe(d);
  });
});

describe('a page', () => {
  it.for([
    [3, true],
    [4, false],
    [5, false],
  ] as const)(
    'of %i of four hits announces another page: %s',
    async ([limit, more], { test, tenant, four }) => {
      const found = await test.services.search.search(tenant.id, { q: 'text', mode: 'keyword', limit });
      if (found.kind !== 'found') throw new Error(found.kind);
      expect(found.hits).toHaveLength(Math.min(limit, four.ids.length));
      expect(found.nextCursor !== null).toBe(more);
    },
  );
});

describe('a hit', () => {
  it('that was unpublished after the ranking is not shown', async ({ test, tenant, four }) => {
    const [a, b] = four.ids;
    await test.services.articles.transition(tenant.actor, a, 'unpublish');
    const page = [a, b].map((id, at) => ({
      id,
      score: 1,
      ranks: { keyword: at + 1, semantic: null },
      relevance: 1,
    }));
    const { hits } = await test.services.database.withTenant(tenant.id, (tx) =>
      loadHits(tx, tenant.id, page, { fused: page, marks: undefined }),
    );
    expect(hits.map(({ id }) => id)).toEqual([b]);
  });
});

describe('a search by words', () => {
  it('puts the shorter of two articles with the same words first', async ({ test, tenant }) => {
    const long = await createArticle(test, tenant, {
      body: `A zebra. ${'Much about other animals. '.repeat(90)}`,
    });
    const short = await createArticle(test, tenant, { body: 'A zebra.' });
    const found = await test.services.search.search(tenant.id, { q: 'zebra', mode: 'keyword', limit: 5 });
    if (found.kind !== 'found') throw new Error(found.kind);
    expect(found.hits.map(({ id }) => id)).toEqual([short.articleId, long.articleId]);
    expect(found.hits[0]?.score).toBeGreaterThan(found.hits[1]?.score ?? 1);
  });
});

type Found = Omit<RankedByWords, 'score' | 'isWhole'>;
const backgrounds = createBackgrounds();

/** A ranking by words that has found nothing. */
const foundByWords: KeywordRanking = {
  plan: { articles: 4, averageLength: 1, languages: [], withCommon: false, terms: [], options: [] },
  ...{ ranked: [], marks: undefined, words: [], known: 1, excluded: null },
};

async function fourArticles(test: TestServices, tenant: TestTenant) {
  const { database } = test.services;
  const article = async () => (await createArticle(test, tenant)).articleId;
  const ids = [await article(), await article(), await article(), await article()] as const;

  const spaceId = await database.withTenant(tenant.id, async (tx) => {
    const { id } = await ensureSpace(tx, tenant.id, { target: targetOf('m'), chunkerVersion: 1 }, 2);
    for (const [at, articleId] of ids.entries()) {
      const hash = `chunk ${at}`;
      const vector = [1 - at / 10, Math.sqrt(1 - (1 - at / 10) ** 2)];
      await insertVectors(tx, tenant.id, id, [{ articleId, hash, text: 'Some text.', heading: '', vector }]);
      const row = await tx('articles').where({ id: articleId }).first('content_hash');
      const contentHash = String(row?.content_hash);
      await upsertManifest(tx, tenant.id, { spaceId: id, articleId, contentHash, chunkHashes: [hash] });
    }
    return id;
  });

  /** The articles in the order of the search, given what words have found. */
  const rank = async (found: readonly Found[], limit = 10, known = 1) => {
    const ranked = found.map((each) => ({ ...each, score: each.evidence, isWhole: false }));
    const words = { ...foundByWords, ranked, known };
    const { fused } = await database.withTenant(tenant.id, (tx) =>
      rankWithVector(
        tx,
        tenant.id,
        { q: 'some words', mode: 'hybrid', limit },
        { kind: 'vector', spaceId, model: 'm', vector: [1, 0] },
        words,
        0,
        { excluded: null, articles: 4, backgrounds },
      ),
    );
    return fused.map(({ id }) => id);
  };
  return { ids, rank };
}
