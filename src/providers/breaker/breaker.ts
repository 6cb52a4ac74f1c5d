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

/** A permit, or how long the breaker refuses calls, in milliseconds. */
export type Acquired = Permit | { readonly kind: 'open'; readonly retryInMs: number };

/** An open breaker: the key version that it is of, and how long it refuses calls, in milliseconds. */
export interface Refusal {
  readonly keyVersion: number;
  readonly retryInMs: number;
}

/** How the permitted call ended, for the breaker. */
export type Verdict =
  | { readonly kind: 'answered' }
  | { readonly kind: 'failed'; readonly code: FailureCode }
  /** No call was made, as far as is known. A probe is released, and nothing is counted. */
  | { readonly kind: 'not_made' };

/** A breaker as clients see it. */
export interface BreakerState {
  readonly state: BreakerStateName;
  readonly failures: number;
  readonly openUntil: Date | null;
  readonly lastErrorCode: string | null;
  readonly lastErrorAt: Date | null;
}

export interface Breaker {
  /**
   * Asks for a permit for one call. While the breaker is half-open, exactly one caller gets the probe, for at most
   * `leaseMs`.
   */
  acquire(tx: Transaction, id: BreakerId, leaseMs: number): Promise<Acquired>;
  /** Reports how a permitted call ended; returns the transition that this caused, if any. */
  report(
    tx: Transaction,
    id: BreakerId,
    permit: Permit,
    verdict: Verdict,
  ): Promise<BreakerTransition | undefined>;
  /**
   * Finds out whether the breaker refuses calls now; undefined when it does not. For a caller that has reserved nothing
   * for the call yet and compares the key version itself: only `acquire` decides who may call.
   */
  refusal(tx: Transaction, of: Pick<BreakerId, 'tenantId' | 'provider'>): Promise<Refusal | undefined>;
  /** The state of the breaker, for clients. */
  state(tx: Transaction, id: BreakerId): Promise<BreakerState>;
  /** Closes the breaker on the tenant's request. */
  reset(tx: Transaction, id: BreakerId): Promise<void>;
}

/**
 * Creates the breakers of tenants and providers. Each is one row in Postgres, shared by every process, on the
 * database's clock. A closed breaker costs one indexed read and no write; each transition is one conditional statement.
 */
export function createBreaker(policy: BreakerPolicy): Breaker {
  return {
    async acquire(tx, id, leaseMs) {
      const row = await findBreaker(tx, id);
      // Without a row, or with one of another key version, the breaker is closed. A new row starts with epoch 0.
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
          // A success of a closed breaker is no transition. Failures leave the window by age.
          return permit.probe && (await closeBreaker(tx, id, permit.epoch)) ? 'closed' : undefined;
        case 'not_made':
          if (permit.probe) await releaseProbe(tx, id, permit.epoch);
          return undefined;
        default:
          return verdict satisfies never;
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

/** Milliseconds until the probe may be taken: until the open time and the lease of the last probe are over. */
function waitMsOf({ probeForMs }: BreakerRow, openForMs: number): number {
  return Math.max(openForMs, probeForMs ?? 0);
}

function describe(row: BreakerRow | undefined, id: BreakerId, policy: BreakerPolicy): BreakerState {
  if (row === undefined || row.keyVersion !== id.keyVersion) {
    return { state: 'closed', failures: 0, openUntil: null, lastErrorCode: null, lastErrorAt: null };
  }
  const { openUntil, lastErrorCode, lastErrorAt } = row;
  // Opening empties the window, so the number that opens the breaker is shown.
  const failures =
    row.openForMs === null
      ? row.failureAgesMs.filter((ageMs) => ageMs < policy.windowMs).length
      : policy.failures;
  const state = row.openForMs === null ? 'closed' : row.openForMs > 0 ? 'open' : 'half_open';
  return { state, failures, openUntil, lastErrorCode, lastErrorAt };
}
