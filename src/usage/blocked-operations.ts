import { LRUCache } from 'lru-cache';
import type { Audit } from '../audit/service.ts';
import { serviceActor } from '../domain/actor.ts';
import type { BlockableOperation, Provider } from '../domain/operations.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import { countBlocked } from './blocked-store.ts';
import type { UsageMetrics } from './metrics.ts';

export interface BlockedOperations {
  /**
   * Notes that an operation of the tenant was left out for want of a key. Tells the audit log and the process's log at
   * most once an hour, with how often it was since they were last told. Never throws: what was left out is done.
   */
  note(tenantId: string, operation: BlockableOperation): Promise<void>;
}

export interface BlockedOperationsDeps {
  readonly database: Database;
  readonly audit: Audit;
  readonly log: Logger;
  readonly metrics: Pick<UsageMetrics, 'blockedWithoutKey'>;
  /** Milliseconds, for the rhythm of this process's writes. */
  readonly now?: () => number;
}

const windowMs = 3_600_000;

/**
 * How often this process writes its count. A workflow always does: nobody waits, and no count dies with the worker. A
 * search does by the hour, since somebody waits; a little over, so that the window has surely ended when it writes.
 */
const writeEveryMs: Readonly<Record<BlockableOperation, number>> = {
  embedding: 0,
  search: windowMs + 10_000,
  extraction: 0,
};

/** Tenants whose searches this process counts in its memory; of the ones it has forgotten it writes sooner. */
const maxHeld = 10_000;

const credentials: Readonly<Record<BlockableOperation, Provider>> = {
  embedding: 'embedding',
  search: 'embedding',
  extraction: 'anthropic',
};
const lines: Readonly<Record<Provider, string>> = {
  embedding: 'no embedding API key configured',
  anthropic: 'no Anthropic API key configured',
};

/** Says what tenants go without because they have no key. */
export function createBlockedOperations(deps: BlockedOperationsDeps): BlockedOperations {
  const { database, audit, log, metrics, now = Date.now } = deps;
  const held = new LRUCache<string, { readonly untilMs: number; occurrences: number }>({ max: maxHeld });

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
      const before = held.get(name);
      if (before !== undefined && now() < before.untilMs) {
        before.occurrences += 1;
        return;
      }
      const occurrences = (before?.occurrences ?? 0) + 1;
      // Before the write, so that those who come during it do not write as well.
      const next = { untilMs: now() + writeEveryMs[operation], occurrences: 0 };
      held.set(name, next);
      try {
        const count = await write(tenantId, operation, occurrences);
        if (count === undefined) return;
        log.info({ tenant_id: tenantId, operation, count }, lines[credentials[operation]]);
      } catch (error) {
        next.occurrences += occurrences;
        log.warn({ error, tenant_id: tenantId, operation }, 'a blocked operation is counted later');
      }
    },
  };
}
