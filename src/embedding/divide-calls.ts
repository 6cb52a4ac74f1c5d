import type { Share } from '../platform/shares/share.ts';
import type { EmbedArticleSteps } from './embed-article.ts';

/** When a call that found no slot is worth another try, for the first time. */
export const retryInMs = 1_000;

/**
 * Divides the provider calls of a worker among tenants. A call beyond its tenant's part is `busy` and holds nothing: a provider
 * that answers slowly delays the articles of its own tenant only.
 */
export function divideCalls(steps: EmbedArticleSteps, slots: Pick<Share, 'acquire'>): EmbedArticleSteps {
  return {
    ...steps,
    async generate(article, key, contentHash, tries) {
      const release = await slots.acquire(article.tenantId);
      if (release === 'busy') return { kind: 'busy', retryInMs };
      try {
        return await steps.generate(article, key, contentHash, tries);
      } finally {
        release();
      }
    },
  };
}
