import type { Audit } from '../../audit/service.ts';
import type { Actor } from '../../domain/actor.ts';
import type { FailureCode } from '../../domain/failures.ts';
import type { Outbox } from '../../outbox/outbox.ts';
import type { InTransaction } from '../../platform/http/route.ts';
import type { Database } from '../../platform/postgres/database.ts';
import type { Limits } from '../../providers/limits/limits.ts';
import { forgetRefusals } from '../../vectors/refusals/chunk-refusals.ts';
import { listRejectedHashes } from '../status-store.ts';
import { markPageRetried } from './retry-store.ts';

/** What one request has started. */
export interface Retried {
  readonly articles: number;
  /** Whether more articles may be blocked or failed for that reason: the same request takes the next ones. */
  readonly more: boolean;
}

export interface EmbeddingRetries {
  /**
   * Requests the workflow of every article that is blocked or failed, for this reason or for any, as a retry of each would. The
   * API key that asks for it pays.
   */
  retryAll(
    actor: Actor,
    reason: FailureCode | undefined,
    afterWrite?: InTransaction<Retried>,
  ): Promise<Retried>;
}

/** Articles of one transaction: some tenths of a second, and locks on these rows only. */
const pageSize = 500;
/** Pages of one request. The sender of a process holds as many signals; what is beyond it is left to the relay. */
const maxPages = 4;

/** Creates the retry of all articles that have no vectors for a reason that is gone. */
export function createEmbeddingRetries(deps: {
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly audit: Audit;
  readonly limits: Pick<Limits, 'allowProbe'>;
}): EmbeddingRetries {
  const { database, outbox, audit, limits } = deps;
  return {
    async retryAll(actor, reason, afterWrite) {
      const { tenantId } = actor;
      let retried: Retried = { articles: 0, more: true };
      let afterId: string | undefined;
      for (let page = 1; page <= maxPages && retried.more; page += 1) {
        retried = await database.withTenant(tenantId, async (tx): Promise<Retried> => {
          const ids = await markPageRetried(tx, tenantId, actor.keyId, { reason, afterId, limit: pageSize });
          // What the provider has refused is sent to it again.
          await forgetRefusals(tx, tenantId, await listRejectedHashes(tx, tenantId, ids));
          await limits.allowProbe(tx, tenantId, 'embedding');
          for (const subjectId of ids) await outbox.enqueue(tx, { tenantId, kind: 'article', subjectId });
          afterId = ids.at(-1);
          const sum = { articles: retried.articles + ids.length, more: ids.length === pageSize };
          if (!sum.more || page === maxPages) {
            await audit.append(tx, actor, {
              action: 'knowledge.embeddings_retried',
              subject: { kind: 'tenant', id: tenantId },
              details: { articles: sum.articles, ...(reason === undefined ? {} : { reason }) },
            });
            await afterWrite?.(tx, sum);
          }
          return sum;
        });
      }
      return retried;
    },
  };
}
