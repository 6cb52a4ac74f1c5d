import { describe, expect } from 'vitest';
import { createArticle } from '../../support/articles.ts';
import { factsOfService } from '../../support/fixtures.ts';
import { type Aims, hostileDocuments } from '../../support/hostile-documents.ts';
import { startTrap, stateBeside } from '../../support/hostile-surroundings.ts';
import { twinKey } from '../../support/provider-twin.ts';
import { ingestionApi } from './ingestion-api.ts';

const it = factsOfService(({ twin }) => ({ ANTHROPIC_BASE_URL: twin.anthropicBaseUrl }))
  .extend('worker', { scope: 'file' }, async ({ service }, { onCleanup }) => {
    const worker = await service.startWorker();
    onCleanup(() => worker.stop());
    return worker;
  })
  .extend('trap', { scope: 'file' }, async ({}, { onCleanup }) => {
    const trap = await startTrap();
    onCleanup(trap.close);
    return trap;
  })
  .extend('modelKey', () => twinKey())
  .extend('own', async ({ service, tenant, modelKey }) => {
    await tenant.setAnthropicKey(modelKey);
    return ingestionApi(service, tenant);
  })
  .extend('aims', async ({ service, tenant, own, trap }): Promise<Aims> => {
    const other = await service.createTenant();
    const ownArticle = await createArticle(service, tenant, { body: 'What the tenant knows.', force: false });
    const theirs = await createArticle(service, other, { body: 'What another tenant knows.' });
    // Both keys are verified ones from here on.
    const { id } = (await own.ingest({ content: 'A harmless text.' })).body.data;
    await own.untilStatus(id, 'completed');
    return {
      ...{ ownArticleId: ownArticle.articleId, otherArticleId: theirs.articleId },
      ...{ otherTenantId: other.id, url: trap.url },
    };
  });
it.beforeAll(({ worker }) => void worker);

describe('a hostile document that is ingested, with a model that obeys it', () => {
  it.for(hostileDocuments)(
    'and wants $wants, leaves nothing but drafts of its own',
    // The first of them finds a worker that has done nothing yet, on a machine that may be busy.
    { timeout: 90_000 },
    async (hostile, { service, twin, tenant, modelKey, key, own, trap, aims }) => {
      const before = await stateBeside(service, tenant.id, aims);
      const audited = await auditedBeside(service.call, tenant.keys.user);
      twin.answer(modelKey, (question) => hostile.obey(question, aims));
      const { id } = (await own.ingest({ content: `# Notes\n\n${hostile.text(aims)}`, max_articles: 3 })).body
        .data;
      const job = await own.untilStatus(id, 'completed', 'partial', 'failed');

      expect(await stateBeside(service, tenant.id, aims)).toEqual(before);
      expect(job).toMatchObject({ status: 'completed', progress: { parts: 1, done: 1 } });
      expect(job.articles.created).toBeGreaterThan(0);
      expect(job.article_ids.length).toBeLessThanOrEqual(3);
      for (const articleId of job.article_ids) {
        const draft = await own.article(articleId);
        expect(draft).toMatchObject({ status: 'draft', source_type: 'note', revision: 1 });
        expect(draft.metadata).toEqual({ source: { kind: 'ingestion', id } });
        expect(draft.body).not.toMatch(/<(script|img|iframe)|!\[|\]\(javascript:/);
        expect(JSON.stringify(draft)).not.toContain(modelKey);
        expect(JSON.stringify(draft)).not.toContain(key);
      }
      expect(await auditedBeside(service.call, tenant.keys.user)).toEqual(audited);
      expect(trap.requests()).toBe(0);
    },
  );
});

/** The audited acts of the tenant but those that every ingestion has. */
async function auditedBeside(
  call: (
    apiKey: string,
    method: string,
    path: string,
  ) => Promise<{ readonly body: { data: { action: string }[] } }>,
  apiKey: string,
): Promise<string[]> {
  const { body } = await call(apiKey, 'GET', '/audit?limit=100');
  const usual = ['ingestion.queued', 'ingestion.completed', 'article.created'];
  return body.data.map(({ action }) => action).filter((action) => !usual.includes(action));
}
