import { LRUCache } from 'lru-cache';
import { type Caller, type CallOperation, channelOf } from '../domain/operations.ts';
import { atCurrentAddress, type ProviderTarget, targetIdOf } from '../domain/provider-target.ts';
import type { CurrentKey } from '../llm-config/provider-keys.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { CallStart, CalmEpochs, Usage } from '../usage/service.ts';
import { heededBy } from './breaker/permit.ts';
import type { CallRequest } from './call.ts';

/** A key that has just admitted a call, with the revision at which it did. */
export type CalmKey = CurrentKey & { readonly revision: string };

/** A call that is ready to begin with a key that is remembered. */
export interface ReadyCall {
  readonly stored: CalmKey;
  readonly target: ProviderTarget;
  readonly caller: Caller;
  readonly start: CallStart;
  readonly claimLeaseMs: number;
}

/** Begins calls by one message to Postgres, while nothing has changed since the last one. */
export interface BeginAtOnce {
  /** The key that this call can count on, and its target; undefined where only a look at the tables tells. */
  find<R, K>(
    request: CallRequest<R, K>,
  ): { readonly stored: CalmKey; readonly target: ProviderTarget } | undefined;
  /** Undefined when something has changed, or a budget is short: nothing is written, and the key is forgotten. */
  begin<R, K>(request: CallRequest<R, K>, call: ReadyCall): Promise<CalmEpochs | 'claimed' | undefined>;
  /** Notes that a call was admitted with this key, and that neither its breaker nor a limit had to be asked twice. */
  remember(tenantId: string, operation: CallOperation, stored: CurrentKey): void;
  /** Forgets it, because a call has failed: the breaker, a pause or the key's status may have changed by that. */
  forget(tenantId: string, operation: CallOperation): void;
}

/** More tenants than call within minutes. What is remembered holds no opened key. */
const maxKeys = 5_000;
/** A revision names transactions, whose numbers come again after four thousand millions: long before that it is read anew. */
const rememberedMs = 10 * 60_000;

/** Thrown to roll back what is not committed yet of a call that has not begun: its claim, and the reservation of its day. */
class NotBegun extends Error {
  override readonly name = 'NotBegun';
}

/**
 * Creates the quick begin of calls. What is remembered decides nothing: the statement that reserves compares it with the rows, and
 * begins the call only where they are the same. So a call that is admitted costs one round trip, and one that is not costs one more.
 */
export function createBeginAtOnce({
  database,
  usage,
}: {
  readonly database: Database;
  readonly usage: Pick<Usage, 'beginWhileCalm'>;
}): BeginAtOnce {
  const keys = new LRUCache<string, CalmKey>({ max: maxKeys, ttl: rememberedMs });
  const nameOf = (tenantId: string, operation: CallOperation) => `${tenantId} ${operation}`;

  return {
    find({ tenantId, operation, evenIfRejected = false, expectedTargetId, target: asked }) {
      const stored = keys.get(nameOf(tenantId, operation));
      if (stored === undefined || evenIfRejected) return undefined;
      if (expectedTargetId !== undefined && expectedTargetId !== targetIdOf(stored.target)) return undefined;
      const target = asked === undefined ? stored.target : atCurrentAddress(asked, stored.target);
      return target && { stored, target };
    },

    async begin({ tenantId, operation, claim }, { stored, caller, start, claimLeaseMs }) {
      const seen = { revision: stored.revision, channel: channelOf(operation), heeded: heededBy[caller] };
      // Otherwise the month may refuse what the day has reserved already, and only a rollback gives it back.
      const decidesAlone = (start.apiKeyId ?? null) === null || stored.monthlyTokenBudget === null;
      try {
        return await database.withTenant(tenantId, async (tx) => {
          if (claim !== undefined && !(await claim.take(tx, { callId: start.id, leaseMs: claimLeaseMs })))
            return 'claimed';
          const beginning = usage.beginWhileCalm(tx, tenantId, start, seen);
          // So the month's row is locked for one statement and its commit, and not for a round trip more.
          if (decidesAlone) tx.commitBehind();
          const begun = await beginning;
          if (begun === undefined) throw new NotBegun();
          return begun;
        });
      } catch (error) {
        if (!(error instanceof NotBegun)) throw error;
        keys.delete(nameOf(tenantId, operation));
        if (claim !== undefined && decidesAlone)
          await database.withTenant(tenantId, (tx) => claim.release(tx, start.id));
        return undefined;
      }
    },

    forget: (tenantId, operation) => void keys.delete(nameOf(tenantId, operation)),

    remember(tenantId, operation, stored) {
      const { revision } = stored;
      if (revision !== undefined) keys.set(nameOf(tenantId, operation), { ...stored, revision });
    },
  };
}
