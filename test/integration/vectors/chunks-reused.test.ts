import { describe, expect } from 'vitest';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import {
  insertVectors,
  listChunkVectors,
  listKnownChunks,
  reuseAndListMissing,
  upsertManifest,
} from '../../../src/vectors/chunk-store.ts';
import { ensureSpace } from '../../../src/vectors/spaces.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { targetOf } from '../../support/targets.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

const it = factsOfServices().extend('stored', ({ test, tenant }) => openChunks(test, tenant));

describe('the vector of a chunk', () => {
  it('is taken over from an article of the same space, and from no other space', async ({ stored }) => {
    const [a, b] = stored.articles;
    await stored.insert(stored.spaces[0], a, 'in the first', [1, 0]);
    await stored.insert(stored.spaces[1], a, 'in the second', [0, 1]);
    const missing = await stored.within((tx, id) =>
      reuseAndListMissing(tx, id, stored.spaces[0], b, ['in the first', 'in the second', 'in none']),
    );
    expect([...missing]).toEqual(['in the second', 'in none']);
    expect(await stored.rowsOf(b)).toEqual([{ space_id: stored.spaces[0], chunk_hash: 'in the first' }]);
  });

  it('that an article has already is not replaced', async ({ stored }) => {
    const [a] = stored.articles;
    await stored.insert(stored.spaces[0], a, 'a chunk', [1, 0]);
    await stored.insert(stored.spaces[0], a, 'a chunk', [0, 1]);
    const found = await stored.within((tx, id) => listChunkVectors(tx, id, stored.spaces[0], ['a chunk']));
    expect([...found]).toEqual([['a chunk', [1, 0]]]);
  });

  it('is known in its own space alone', async ({ stored }) => {
    await stored.insert(stored.spaces[0], stored.articles[0], 'a chunk', [1, 0]);
    const known = (spaceId: string) =>
      stored.within((tx, id) => listKnownChunks(tx, id, spaceId, ['a chunk', 'another']));
    expect([...(await known(stored.spaces[0]))]).toEqual(['a chunk']);
    expect([...(await known(stored.spaces[1]))]).toEqual([]);
    const vectors = await stored.within((tx, id) => listChunkVectors(tx, id, stored.spaces[1], ['a chunk']));
    expect(vectors.size).toBe(0);
  });
});

describe('the manifest of an article', () => {
  it('holds the chunks of its last text', async ({ stored }) => {
    const [articleId] = stored.articles;
    for (const hash of ['a', 'b', 'c']) await stored.insert(stored.spaces[0], articleId, hash, [1, 0]);
    for (const [contentHash, chunkHashes] of [
      ['text 1', ['a', 'b']],
      ['text 2', ['b', 'c']],
    ] as const) {
      await stored.within((tx, id) =>
        upsertManifest(tx, id, { spaceId: stored.spaces[0], articleId, contentHash, chunkHashes }),
      );
    }
    expect(await stored.manifestsOf(articleId)).toEqual([
      { content_hash: 'text 2', chunk_hashes: ['b', 'c'] },
    ]);
  });
});

/** Two articles and two spaces of two dimensions of a tenant. */
async function openChunks(test: TestServices, tenant: TestTenant) {
  const within = <T>(work: (tx: Transaction, tenantId: string) => Promise<T>) =>
    test.services.database.withTenant(tenant.id, (tx) => work(tx, tenant.id));
  const article = async () => (await createArticle(test, tenant)).articleId;
  const space = async (model: string) =>
    (await within((tx, id) => ensureSpace(tx, id, { target: targetOf(model), chunkerVersion: 1 }, 2))).id;
  return {
    within,
    articles: [await article(), await article()] as const,
    spaces: [await space('a-model'), await space('another-model')] as const,
    insert: (spaceId: string, articleId: string, hash: string, vector: readonly number[]) =>
      within((tx, id) =>
        insertVectors(tx, id, spaceId, [{ articleId, hash, text: hash, heading: '', vector }]),
      ),
    rowsOf: (articleId: string) =>
      test.db.rawAsOwner('select space_id, chunk_hash from chunk_vectors where article_id = $1', [articleId]),
    manifestsOf: (articleId: string) =>
      test.db.rawAsOwner('select content_hash, chunk_hashes from article_manifests where article_id = $1', [
        articleId,
      ]),
  };
}
