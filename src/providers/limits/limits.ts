import type { Channel } from '../../domain/operations.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { RateLimits } from '../wire/rate-limits.ts';
import { changeLimits, type LimitedKey } from './change-limits.ts';
import { type LimitNow, limitNow } from './limit-now.ts';
import { unlimited } from './limit-state.ts';
import { type LimitRow, readLimits, saveLimits } from './limits-store.ts';
import { sumOpenCalls } from './open-calls-read-model.ts';
import { type Demand, limitedNow, mustCountOpen, takeCall, toldLimits } from './pacing.ts';
import { afterCall, allowProbe, type CallEnd, pauses } from './pause.ts';

/** What a call that has begun holds: the epoch of the pauses when it began. */
export interface Pace {
  readonly epoch: number;
  /** Whether a pause was there, so that even an answer that tells nothing ends something. */
  readonly paused: boolean;
}

/** A call that begins or has ended, as the limits see it. */
export interface PacedCall extends Demand {
  readonly key: LimitedKey;
  readonly callId: string;
}

/** How a paced call has ended, and what its answer has told of the limits. */
export interface PacedEnd extends CallEnd {
  readonly told: RateLimits | undefined;
  /** Time since it was sent, in milliseconds. */
  readonly tookMs: number;
}

/** The limits of the tenants' keys, and the pauses that providers have asked for. */
export interface Limits {
  /** Reads what is known of the tenant's limits, by one indexed read. */
  read(tx: Transaction, tenantId: string, provider: Channel): Promise<LimitRow>;
  /** Counts a call that begins, or refuses it. With `tested`, for a call made to test the key, it is not refused. */
  take(
    tx: Transaction,
    call: PacedCall,
    seen: LimitRow,
    tested: boolean,
  ): Promise<({ readonly kind: 'taken' } & Pace) | ({ readonly kind: 'limited' } & LimitNow)>;
  /** Notes how a call has ended; returns what refuses the next one. */
  ended(tx: Transaction, call: PacedCall, pace: Pace, end: PacedEnd): Promise<LimitNow | undefined>;
  /** Ends the pauses of the tenant's key and forgets its limits, on the tenant's request. */
  forget(tx: Transaction, key: LimitedKey): Promise<void>;
  /** Lets one call try at once although the key is paused, because a person asks for it. */
  allowProbe(tx: Transaction, tenantId: string, provider: Channel): Promise<void>;
}

/** Creates the limits. They are one row for each tenant and channel in Postgres, shared by every process, on the database's clock. */
export function createLimits(): Limits {
  return {
    read: readLimits,

    async take(tx, call, seen, tested) {
      type Taken = Awaited<ReturnType<Limits['take']>>;
      return changeLimits<Taken>(tx, call.key, seen, async (state, nowMs) => {
        const open = mustCountOpen(state, nowMs) ? await openBeside(tx, call) : noOpenCalls;
        const taken = takeCall(state, nowMs, call, open, tested);
        if (taken.kind === 'limited')
          return { state, result: { kind: 'limited', ...limitNow(taken, nowMs) } };
        const { epoch, pause } = taken.state;
        return { state: taken.state, result: { kind: 'taken', epoch, paused: pause !== null } };
      });
    },

    async ended(tx, call, pace, end) {
      const { key } = call;
      const { told } = end;
      if (told === undefined && !pace.paused && !pauses(end.outcome)) return undefined;
      const countOpen = async () => (told === undefined ? noOpenCalls : openBeside(tx, call));
      const [seen, openNow] = await Promise.all([readLimits(tx, key.tenantId, key.provider), countOpen()]);
      return changeLimits(tx, key, seen, async (state, nowMs, isAgain) => {
        const open = isAgain ? await countOpen() : openNow;
        const answer = { nowMs, startedAtMs: nowMs - end.tookMs, open };
        const paced = told === undefined ? state : toldLimits(state, told, answer, call);
        const after = afterCall(paced, pace.epoch, end, nowMs);
        const limited = limitedNow(after, nowMs, () => 1);
        return { state: after, result: limited && limitNow(limited, nowMs) };
      });
    },

    forget: (tx, key) =>
      changeLimits(tx, key, undefined, async (state) => {
        const { keyVersion, requests, tokens, pause, epoch } = state;
        const isUnlimited = requests === null && tokens === null && pause === null;
        return {
          state: isUnlimited ? state : { ...unlimited(keyVersion), epoch: epoch + 1 },
          result: undefined,
        };
      }),

    async allowProbe(tx, tenantId, provider) {
      const { state, nowMs, revision } = await readLimits(tx, tenantId, provider);
      if (state === undefined) return;
      const allowed = allowProbe(state, nowMs);
      // A call that changes the row at this moment is a try itself.
      if (allowed !== state) await saveLimits(tx, tenantId, provider, allowed, revision);
    },
  };
}

const noOpenCalls = { requests: 0, tokens: 0 };
const openBeside = (tx: Transaction, { key, callId }: PacedCall) =>
  sumOpenCalls(tx, key.tenantId, key, callId);
