import { describe, expect } from 'vitest';
import { chunkArticle, chunkerVersion } from '../../../src/domain/chunks.ts';
import { createComplete } from '../../../src/embedding/complete.ts';
import { insertVectors } from '../../../src/vectors/chunk-store.ts';
import { ensureSpace } from '../../../src/vectors/spaces.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { holdTransaction, untilWaiting } from '../../support/held-transaction.ts';
import { prepareCall } from '../../support/prepare-call.ts';
import { targetOf } from '../../support/targets.ts';

const it = factsOfServices();

describe('the completion of an article', () => {
  it('waits for an edit that is not committed yet, and does not complete the text before it', async ({
    test,
    tenant,
  }) => {
    const article = await createArticle(test, tenant);
    const generate = await prepareCall(test, article);
    const edit = await holdTransaction(test.services.database, tenant.id, (tx) =>
      tx('articles')
        .where({ tenant_id: tenant.id, id: article.articleId })
        .update({ content_hash: 'f'.repeat(64) }),
    );
    const generated = generate();
    expect(await untilWaiting(test.db, generated)).toBe('waits');
    await edit.commit();
    expect(await generated).toEqual({ kind: 'changed' });
    expect((await test.services.articles.get(tenant.id, article.articleId))?.embedding.status).toBe(
      'pending',
    );
  });

  it('lets no change of model pass between its look at the model and its end', async ({ test, tenant }) => {
    const { database, providerKeys, llmConfig } = test.services;
    const body = { title: 'A title', body: 'Some text.' };
    const article = await createArticle(test, tenant, body);
    const current = await database.withTenant(tenant.id, (tx) => providerKeys.models(tx, tenant.id));
    const model = current.embedding_model;
    const [row] = await test.db.rawAsOwner('select content_hash from articles where id = $1', [
      article.articleId,
    ]);

    let update: Promise<unknown> = Promise.resolve();
    let met: 'waits' | 'ended' = 'ended';
    const complete = createComplete({
      keys: {
        async embeddingTarget(tx, tenantId) {
          const target = await providerKeys.embeddingTarget(tx, tenantId);
          // The change begins when the old model has been read, and gets as far as it can.
          update = llmConfig.update(tenant.actor, { embedding_model: 'another-model' });
          met = await untilWaiting(test.db, update);
          return target;
        },
      },
      cutOverWhenComplete: async () => undefined,
    });
    const completed = await database.withTenant(tenant.id, async (tx) => {
      const { id: spaceId } = await ensureSpace(
        tx,
        tenant.id,
        { target: targetOf(model), chunkerVersion },
        16,
      );
      const contentHash = String(row?.content_hash);
      const chunks = chunkArticle(body);
      const vector = Array.from({ length: 16 }, () => 0.25);
      const vectors = chunks.map((chunk) => ({ ...chunk, articleId: article.articleId, vector }));
      await insertVectors(tx, tenant.id, spaceId, vectors);
      return complete(tx, article, { spaceId, target: targetOf(model), contentHash, chunks, rejected: [] });
    });
    await update;
    expect([completed, met]).toEqual([true, 'waits']);
    // The change came after the completion, and has marked it as stale.
    expect((await test.services.articles.get(tenant.id, article.articleId))?.embedding.status).toBe(
      'pending',
    );
  });
});
