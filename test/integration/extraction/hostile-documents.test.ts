import { describe, expect } from 'vitest';
import { createArticle } from '../../support/articles.ts';
import { factsOfExtraction } from '../../support/extraction.ts';
import { type Aims, hostileDocuments } from '../../support/hostile-documents.ts';
import { startTrap, stateBeside } from '../../support/hostile-surroundings.ts';

const it = factsOfExtraction()
  .extend('trap', { scope: 'file' }, async ({}, { onCleanup }) => {
    const trap = await startTrap();
    onCleanup(trap.close);
    return trap;
  })
  .extend('aims', async ({ test, tenant, trap }): Promise<Aims> => {
    const other = await test.createTenant();
    // By the gate, so that the embedding key is a verified one from here on.
    const own = await createArticle(test, tenant, { body: 'What the tenant knows.', force: false });
    const theirs = await createArticle(test, other, { body: 'What another tenant knows.' });
    return {
      ...{ ownArticleId: own.articleId, otherArticleId: theirs.articleId },
      ...{ otherTenantId: other.id, url: trap.url },
    };
  });

describe('a document that instructs a model which obeys', () => {
  it.for(hostileDocuments)(
    'and wants $wants changes nothing but its own drafts',
    async (hostile, { document, twin, modelKey, key, test, trap, aims }) => {
      // The same for the key of the model.
      await document.ask({ part: 9 });
      const before = await stateBeside(test, document.subject.tenantId, aims);
      twin.answer(modelKey, (question) => hostile.obey(question, aims));
      expect(await document.ask({ text: hostile.text(aims), maxArticles: 3 })).toMatchObject({ kind: 'ok' });
      const { created } = await document.make({ maxArticles: 3 });

      expect(await stateBeside(test, document.subject.tenantId, aims)).toEqual(before);
      expect(created).toBeGreaterThan(0);
      expect(created).toBeLessThanOrEqual(3);
      const drafts = (await document.articles()).filter(({ id }) => id !== aims.ownArticleId);
      expect(drafts).toHaveLength(created);
      for (const draft of drafts) {
        expect(draft).toMatchObject({ status: 'draft', sourceType: 'test', revision: 1 });
        expect(draft.metadata).toEqual({
          team: 'a team',
          source: { kind: 'ingestion', id: document.subject.id },
        });
        expect(draft.body).not.toMatch(/<(script|img|iframe)|!\[|\]\(javascript:/);
        expect(JSON.stringify(draft)).not.toContain(modelKey);
        expect(JSON.stringify(draft)).not.toContain(key);
      }
      expect(document.asked()).toHaveLength(2);
      expect(JSON.stringify(document.asked().map(({ inputs }) => inputs))).not.toContain(modelKey);
      expect(trap.requests()).toBe(0);
    },
  );

  it('stands in the table ten times', () => {
    expect(new Set(hostileDocuments.map(({ wants }) => wants)).size).toBe(10);
  });
});
