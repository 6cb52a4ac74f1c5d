import { LRUCache } from 'lru-cache';
import type { Audit } from '../audit/service.ts';
import { serviceActor } from '../domain/actor.ts';
import { type BlockableOperation, keyNeededBy, type Provider } from '../domain/operations.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import { countBlocked } from './blocked-store.ts';
import type { UsageMetrics } from './metrics.ts';

/** Reports the operations that are skipped because a tenant has no key. */
export interface BlockedOperations {
  /**
   * Counts a skipped operation of the tenant. At most once an hour, the audit log and the process's log get one entry
   * with the number of skips since the last entry. Never throws, because the operation is skipped already.
   */
  note(tenantId: string, operation: BlockableOperation): Promise<void>;
}

export interface BlockedOperationsDeps {
  readonly database: Database;
  readonly audit: Audit;
  readonly log: Logger;
  readonly metrics: Pick<UsageMetrics, 'blockedWithoutKey'>;
  /** The time in milliseconds, for the intervals between this process's writes. */
  readonly now?: () => number;
}

const windowMs = 3_600_000;

/**
 * The interval between writes of this process's count. A workflow writes every time: no client waits, and no count is
 * lost with the worker. A search writes once an hour, because its client waits. That interval is a little longer than
 * the window, so that the window has surely ended at the next write.
 */
const writeEveryMs: Readonly<Record<BlockableOperation, number>> = {
  embedding: 0,
  search: windowMs + 10_000,
  extraction: 0,
  classification: 0,
  merge: 0,
};

/** Tenants whose searches this process counts in memory. For an evicted tenant it writes sooner. */
const maxCounters = 10_000;

const messages: Readonly<Record<Provider, string>> = {
  embedding: 'no embedding API key configured',
  anthropic: 'no Anthropic API key configured',
};

/** Creates the counting of operations that are skipped because a tenant has no key. */
export function createBlockedOperations(deps: BlockedOperationsDeps): BlockedOperations {
  const { database, audit, log, metrics, now = Date.now } = deps;
  const counters = new LRUCache<string, { readonly untilMs: number; occurrences: number }>({
    max: maxCounters,
  });

  const write = (tenantId: string, operation: BlockableOperation, occurrences: number) =>
    database.withTenant(tenantId, async (tx) => {
      const count = await countBlocked(tx, tenantId, { operation, occurrences, windowMs });
      if (count === undefined) return undefined;
      await audit.append(tx, serviceActor(tenantId), {
        action: 'llm.blocked_no_api_key',
        subject: { kind: 'llm_config', id: tenantId },
        details: { operation, count },
      });
      return count;
    });

  return {
    async note(tenantId, operation) {
      metrics.blockedWithoutKey(operation);
      const name = `${operation} ${tenantId}`;
      const before = counters.get(name);
      if (before !== undefined && now() < before.untilMs) {
        before.occurrences += 1;
        return;
      }
      const occurrences = (before?.occurrences ?? 0) + 1;
      // Set before the write, so that concurrent calls do not write as well.
      const next = { untilMs: now() + writeEveryMs[operation], occurrences: 0 };
      counters.set(name, next);
      try {
        const count = await write(tenantId, operation, occurrences);
        if (count === undefined) return;
        log.info({ tenant_id: tenantId, operation, count }, messages[keyNeededBy[operation]]);
      } catch (error) {
        next.occurrences += occurrences;
        log.warn({ error, tenant_id: tenantId, operation }, 'blocked operation not written, counted later');
      }
    },
  };
}
