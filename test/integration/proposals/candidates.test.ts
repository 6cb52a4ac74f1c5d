import { describe, expect } from 'vitest';
import { chunkArticle, chunkerVersion } from '../../../src/domain/chunks.ts';
import { compareProposal } from '../../../src/proposals/comparison.ts';
import { listTextsToCompare } from '../../../src/proposals/texts-read-model.ts';
import { insertVectors, upsertManifest } from '../../../src/vectors/chunk-store.ts';
import { ensureSpace } from '../../../src/vectors/spaces.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { targetOf } from '../../support/targets.ts';

const it = factsOfServices();
const model = 'a-model';

describe('the articles that a proposal is compared with', () => {
  it('are those nearest to most of it, when more than eight are near some of it', async ({
    test,
    tenant,
  }) => {
    const chunks = chunkArticle({
      title: 'A title',
      body: `${'First. '.repeat(300)}\n\n## B\n\n${'Second. '.repeat(300)}`,
    });
    const hashes = chunks.map(({ hash }) => hash);
    const axes = hashes.map((_, at) => hashes.map((_, axis) => (axis === at ? 1 : 0)).concat(0));
    const ids: string[] = [];
    for (let each = 0; each < 16; each += 1) ids.push((await createArticle(test, tenant)).articleId);
    const [all, ...others] = ids;

    const similar = await test.services.database.withTenant(tenant.id, async (tx) => {
      const dimensions = hashes.length + 1;
      const space = await ensureSpace(tx, tenant.id, { target: targetOf(model), chunkerVersion }, dimensions);
      const store = async (articleId: string, vectors: readonly (readonly number[])[]) => {
        const stored = vectors.map((vector, at) => ({
          articleId,
          hash: `${articleId} ${at}`,
          text: 'x',
          heading: '',
          vector,
        }));
        await insertVectors(tx, tenant.id, space.id, stored);
        const row = await tx('articles').where({ id: articleId }).first('content_hash');
        await upsertManifest(tx, tenant.id, {
          ...{ spaceId: space.id, articleId, contentHash: String(row?.content_hash) },
          chunkHashes: stored.map(({ hash }) => hash),
        });
      };
      // One article is near all chunks; each of the others is half as near to one of them.
      await store(all ?? '', axes);
      for (const [at, id] of others.entries()) {
        const axis = axes[at % axes.length] ?? [];
        await store(id, [axis.map((value, i) => (i === dimensions - 1 ? 0.866 : value / 2))]);
      }
      return compareProposal(tx, tenant.id, {
        ...{ chunks, target: targetOf(model), spaceId: space.id, known: new Set<string>() },
        bought: new Map(hashes.map((hash, at) => [hash, axes[at] ?? []])),
      });
    });
    expect(similar[0]).toMatchObject({ articleId: all, similarity: 1 });
    expect(similar).toHaveLength(8);
    expect(similar.map(({ similarity }) => similarity)).toEqual(
      similar.map(({ similarity }) => similarity).toSorted((a, b) => b - a),
    );
  });
});

describe('the articles whose words are compared with a proposal', () => {
  const words = { version: 1, query: null };
  const nothingNear = { spaceId: undefined, chunkHashes: [], nearIds: [], without: [], words };

  it('begin with a published one of the same text rather than an older draft', async ({ test, tenant }) => {
    const draft = await createArticle(test, tenant, { status: 'draft' });
    const published = await createArticle(test, tenant);
    const [row] = await test.db.rawAsOwner(
      "update articles set gate_verdict = 'novel' where id = $1 returning content_hash",
      [draft.articleId],
    );
    const proposed = { contentHash: String(row?.content_hash), status: 'draft', ...nothingNear } as const;
    const idsFor = (status: 'draft' | 'published') =>
      test.services.database.withTenant(tenant.id, async (tx) =>
        (await listTextsToCompare(tx, tenant.id, { ...proposed, status })).map(({ id }) => id),
      );
    expect(await idsFor('draft')).toEqual([published.articleId, draft.articleId]);
    expect(await idsFor('published')).toEqual([published.articleId]);
  });

  it('are at most twelve, and no more than two million bytes, best first', async ({ test, tenant }) => {
    const ids: string[] = [];
    for (let each = 0; each < 14; each += 1) ids.push((await createArticle(test, tenant)).articleId);
    const near = async () => {
      const proposed = { contentHash: 'none', status: 'published', ...nothingNear, nearIds: ids } as const;
      const texts = await test.services.database.withTenant(tenant.id, (tx) =>
        listTextsToCompare(tx, tenant.id, proposed),
      );
      return texts.map(({ id }) => id);
    };
    expect(await near()).toEqual(ids.slice(0, 12));
    await test.db.rawAsOwner("update articles set body = repeat('語', 500000) where tenant_id = $1", [
      tenant.id,
    ]);
    expect(await near()).toEqual(ids.slice(0, 1));
  });
});
