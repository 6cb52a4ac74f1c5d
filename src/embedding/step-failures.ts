import type { ArticleRef, Waits } from '../domain/embed-article.ts';
import { type Failure, failureTraits } from '../domain/failures.ts';
import { retryWaitMs } from '../domain/retry-waits.ts';
import type { Database } from '../platform/postgres/database.ts';
import { markNotEmbedded } from './status-store.ts';

/** A step that failed, with a code of the failure table. */
export type Failed = { readonly kind: 'failed' } & Failure;

/** How failures of the walk's steps show on the article, and what follows from them. */
export interface StepFailures {
  /** Shows on the article why it is not embedded. */
  show(article: ArticleRef, status: 'pending' | 'blocked' | 'failed', failure: Failure): Promise<void>;
  /**
   * Makes the workflow wait before it tries again, and shows on the article why it waits and until when. Any other failure
   * fails the step, and `giveUp` shows it.
   */
  waitOrFail(article: ArticleRef, failed: Failed, tries: number): Promise<Waits | Failed>;
}

/** Creates the handling of failures. */
export function createStepFailures({
  database,
}: {
  readonly database: Pick<Database, 'withTenant'>;
}): StepFailures {
  const show: StepFailures['show'] = (article, status, failure) =>
    database.withTenant(article.tenantId, (tx) =>
      markNotEmbedded(tx, article.tenantId, article.articleId, {
        status,
        reason: failure.code,
        ...(failure.retryAfterMs === undefined ? {} : { nextAttemptInMs: failure.retryAfterMs }),
        ...(failure.renewsAt === undefined ? {} : { nextAttemptAt: failure.renewsAt }),
      }),
    );

  return {
    show,
    async waitOrFail(article, failed, tries) {
      const retryInMs = retryWaitMs(failed, tries);
      const { code, called } = failed;
      if (retryInMs === undefined) {
        // The retry policy of the step may try it once more.
        if (failureTraits[code].workflow === 'retries') await show(article, 'pending', { code });
        return failed;
      }
      await show(article, 'pending', { code, retryAfterMs: retryInMs });
      return { kind: 'waits', code, retryInMs, ...(called === false ? { called } : {}) };
    },
  };
}
