import { describe, expect } from 'vitest';
import { failureCodes, failureTraits } from '../../../src/domain/failures.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfServices } from '../../support/fixtures.ts';

const it = factsOfServices();

describe('an article that was given up', () => {
  it.for(failureCodes)(
    'with %s is blocked or failed, and waits for no attempt',
    async (code, { test, tenant }) => {
      const article = await createArticle(test, tenant);
      await test.services.steps.giveUp(article, code);
      const shown = await test.services.articles.get(tenant.id, article.articleId);
      // Nothing embeds it any more, so that it must not look as if something did.
      const status = failureTraits[code].article === 'blocked' ? 'blocked' : 'failed';
      expect(shown?.embedding).toMatchObject({ status, reason: code, nextAttemptAt: null });
    },
  );
});
