import type { Caller } from '../../domain/operations.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { BreakerTransition } from './breaker-states.ts';
import {
  type BreakerId,
  type BreakerPolicy,
  type BreakerRow,
  closeBreaker,
  countFailure,
  listBreakerRows,
  releaseProbe,
  takeProbe,
} from './breaker-store.ts';
import { heededBy, type Permit } from './permit.ts';
import { type BreakerState, describeRow, worseOf } from './state.ts';
import { type Verdict, verdictForRow } from './verdict.ts';

export type { BreakerId, BreakerPolicy } from './breaker-store.ts';
export type { Permit } from './permit.ts';
export type { BreakerState } from './state.ts';
export type { Verdict } from './verdict.ts';

/** A permit, or how long the breaker refuses calls, in milliseconds. */
export type Acquired = Permit | { readonly kind: 'open'; readonly retryInMs: number };

/** An open breaker: the key version that it is of, and how long it refuses calls, in milliseconds. */
export interface Refusal {
  readonly keyVersion: number;
  readonly retryInMs: number;
}

export interface Breaker {
  /**
   * Asks for a permit for one call. While the breaker is half-open, exactly one caller gets the probe, for at most
   * `leaseMs`.
   */
  acquire(tx: Transaction, id: BreakerId, caller: Caller, leaseMs: number): Promise<Acquired>;
  /** Reports how a permitted call ended; returns the transitions that this caused. */
  report(
    tx: Transaction,
    id: BreakerId,
    permit: Permit,
    verdict: Verdict,
  ): Promise<readonly BreakerTransition[]>;
  /**
   * Lists what refuses such a caller now. For a caller that has reserved nothing for the call yet and compares the key version
   * itself: only `acquire` decides who may call.
   */
  refusals(
    tx: Transaction,
    of: Pick<BreakerId, 'tenantId' | 'provider'>,
    caller: Caller,
  ): Promise<readonly Refusal[]>;
  /** The state of the breaker, for clients: that of its row which refuses more. */
  state(tx: Transaction, id: BreakerId): Promise<BreakerState>;
  /** Closes the breaker for every caller, on the tenant's request. */
  reset(tx: Transaction, id: BreakerId): Promise<void>;
}

/**
 * Creates the breakers of tenants and providers. Each is two rows in Postgres, one for each kind of caller, shared by every
 * process, on the database's clock. A closed breaker costs one indexed read and no write; each transition of a row is one
 * conditional statement.
 */
export function createBreaker(policy: BreakerPolicy): Breaker {
  return {
    async acquire(tx, id, caller, leaseMs) {
      const rows = await listBreakerRows(tx, id);
      const heeded = heededBy[caller].map((of) => {
        // Without a row, or with one of another key version, it is closed. A new row starts with epoch 0.
        const row = rows.find((each) => each.caller === of && each.keyVersion === id.keyVersion);
        return { caller: of, epoch: row?.epoch ?? '0', isOpen: isOpen(row), waitMs: waitMsOf(row) };
      });
      const waitMs = Math.max(...heeded.map((row) => row.waitMs));
      if (waitMs > 0) return { kind: 'open', retryInMs: waitMs };

      const held: Permit['rows'][number][] = [];
      for (const row of heeded) {
        const epoch = row.isOpen
          ? await takeProbe(tx, { ...id, caller: row.caller }, row.epoch, leaseMs)
          : row.epoch;
        if (epoch === undefined) {
          // Another caller has taken it since it was read: this one keeps no other probe from those who can use it.
          await releaseProbes(tx, id, held);
          return { kind: 'open', retryInMs: leaseMs };
        }
        held.push({ caller: row.caller, epoch, probe: row.isOpen });
      }
      return { kind: 'permit', probe: held.some(({ probe }) => probe), rows: held };
    },

    async report(tx, id, permit, verdict) {
      const transitions: BreakerTransition[] = [];
      for (const { caller, ...held } of permit.rows) {
        const row = { ...id, caller };
        const own = verdictForRow(caller, verdict);
        switch (own.kind) {
          case 'failed':
            if (await countFailure(tx, row, held, own.code, policy)) transitions.push('opened');
            break;
          case 'answered':
            // A success of a closed breaker is no transition. Failures leave the window by age.
            if (held.probe && (await closeBreaker(tx, row, held.epoch))) transitions.push('closed');
            break;
          case 'not_made':
            if (held.probe) await releaseProbe(tx, row, held.epoch);
            break;
          default:
            own satisfies never;
        }
      }
      return transitions;
    },

    async refusals(tx, of, caller) {
      const rows = await listBreakerRows(tx, of);
      return rows
        .filter((row) => heededBy[caller].includes(row.caller) && waitMsOf(row) > 0)
        .map((row) => ({ keyVersion: row.keyVersion, retryInMs: waitMsOf(row) }));
    },

    async state(tx, id) {
      const rows = await listBreakerRows(tx, id);
      return rows
        .filter(({ keyVersion }) => keyVersion === id.keyVersion)
        .map((row) => describeRow(row, policy))
        .reduce(worseOf, neverFailed);
    },

    async reset(tx, id) {
      // In the order in which calls lock them, so that neither waits for the other.
      for (const caller of heededBy.interactive) await closeBreaker(tx, { ...id, caller }, undefined);
    },
  };
}

/** Whether the row is open or half-open. */
const isOpen = (row: BreakerRow | undefined) => row !== undefined && row.openForMs !== null;

/** Milliseconds until the probe may be taken: until the open time and the lease of the last probe are over. */
function waitMsOf(row: BreakerRow | undefined): number {
  return row === undefined || row.openForMs === null ? 0 : Math.max(row.openForMs, row.probeForMs ?? 0, 0);
}

async function releaseProbes(tx: Transaction, id: BreakerId, held: Permit['rows']): Promise<void> {
  for (const { caller, epoch, probe } of held) {
    if (probe) await releaseProbe(tx, { ...id, caller }, epoch);
  }
}

const neverFailed: BreakerState = {
  state: 'closed',
  failures: 0,
  openUntil: null,
  lastErrorCode: null,
  lastErrorAt: null,
};
