import type { FailureCode } from '../../domain/failures.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { BreakerStateName, BreakerTransition } from './breaker-states.ts';
import {
  type BreakerId,
  type BreakerPolicy,
  type BreakerRow,
  closeBreaker,
  countFailure,
  findBreaker,
  type Permit,
  releaseProbe,
  takeProbe,
} from './breaker-store.ts';

export type { BreakerId, BreakerPolicy, Permit } from './breaker-store.ts';

export type Acquired = Permit | { readonly kind: 'open'; readonly retryInMs: number };

export interface Refusal {
  readonly keyVersion: number;
  readonly retryInMs: number;
}

/** How the permitted call ended, for the breaker. */
export type Verdict =
  | { readonly kind: 'answered' }
  | { readonly kind: 'failed'; readonly code: FailureCode }
  /** No call was made, as far as we know: a probe goes back, nothing was learnt. */
  | { readonly kind: 'not_made' };

export interface BreakerState {
  readonly state: BreakerStateName;
  readonly failures: number;
  readonly openUntil: Date | null;
  readonly lastErrorCode: string | null;
  readonly lastErrorAt: Date | null;
}

export interface Breaker {
  /** Asks for one call. While half-open exactly one caller gets the probe, for `leaseMs` at most. */
  acquire(tx: Transaction, id: BreakerId, leaseMs: number): Promise<Acquired>;
  /** Reports how a permitted call ended; answers the transition that this has made, if any. */
  report(
    tx: Transaction,
    id: BreakerId,
    permit: Permit,
    verdict: Verdict,
  ): Promise<BreakerTransition | undefined>;
  /**
   * How long it will let no call of this key version through, if so. For who asks before anything is reserved for the call,
   * and reads along whose version it is: `acquire` alone decides who may call.
   */
  refusal(tx: Transaction, of: Pick<BreakerId, 'tenantId' | 'provider'>): Promise<Refusal | undefined>;
  /** What it is now, for people. */
  state(tx: Transaction, id: BreakerId): Promise<BreakerState>;
  /** Closes it by the tenant's own hand. */
  reset(tx: Transaction, id: BreakerId): Promise<void>;
}

/**
 * The breaker of a tenant and provider: one row in Postgres, shared by every process, on the database's clock. A closed
 * breaker costs one indexed read and no write; each transition is one conditional statement.
 */
export function createBreaker(policy: BreakerPolicy): Breaker {
  return {
    async acquire(tx, id, leaseMs) {
      const row = await findBreaker(tx, id);
      // No row, or one of another key: closed, and epoch 0 is what a fresh row starts with.
      if (row === undefined || row.keyVersion !== id.keyVersion)
        return { kind: 'permit', epoch: '0', probe: false };
      if (row.openForMs === null) return { kind: 'permit', epoch: row.epoch, probe: false };
      const waitMs = waitMsOf(row, row.openForMs);
      if (waitMs > 0) return { kind: 'open', retryInMs: waitMs };
      const epoch = await takeProbe(tx, id, row.epoch, leaseMs);
      return epoch === undefined
        ? { kind: 'open', retryInMs: leaseMs }
        : { kind: 'permit', epoch, probe: true };
    },

    async report(tx, id, permit, verdict) {
      switch (verdict.kind) {
        case 'failed':
          return (await countFailure(tx, id, permit, verdict.code, policy)) ? 'opened' : undefined;
        case 'answered':
          // A success in the closed state is no transition: failures leave by growing old.
          return permit.probe && (await closeBreaker(tx, id, permit.epoch)) ? 'closed' : undefined;
        case 'not_made':
          if (permit.probe) await releaseProbe(tx, id, permit.epoch);
          return undefined;
      }
    },

    async refusal(tx, of) {
      const row = await findBreaker(tx, of);
      if (row === undefined || row.openForMs === null) return undefined;
      const retryInMs = waitMsOf(row, row.openForMs);
      return retryInMs > 0 ? { keyVersion: row.keyVersion, retryInMs } : undefined;
    },

    async state(tx, id) {
      return describe(await findBreaker(tx, id), id, policy);
    },

    async reset(tx, id) {
      await closeBreaker(tx, id, undefined);
    },
  };
}

/** Until the probe may be taken: the open time is over, and so is the lease of whoever had it. */
function waitMsOf({ probeForMs }: BreakerRow, openForMs: number): number {
  return Math.max(openForMs, probeForMs ?? 0);
}

function describe(row: BreakerRow | undefined, id: BreakerId, policy: BreakerPolicy): BreakerState {
  if (row === undefined || row.keyVersion !== id.keyVersion) {
    return { state: 'closed', failures: 0, openUntil: null, lastErrorCode: null, lastErrorAt: null };
  }
  const { openUntil, lastErrorCode, lastErrorAt } = row;
  // Opening empties the window: what is shown then is how many it took.
  const failures =
    row.openForMs === null
      ? row.failureAgesMs.filter((ageMs) => ageMs < policy.windowMs).length
      : policy.failures;
  const state = row.openForMs === null ? 'closed' : row.openForMs > 0 ? 'open' : 'half_open';
  return { state, failures, openUntil, lastErrorCode, lastErrorAt };
}
