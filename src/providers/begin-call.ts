import { randomUUID } from 'node:crypto';
import { renewalOf } from '../domain/budget-period.ts';
import type { Failure } from '../domain/failures.ts';
import { type BackgroundTimeout, callerOf, channelOf, operations } from '../domain/operations.ts';
import { atCurrentAddress, type ProviderTarget, targetIdOf } from '../domain/provider-target.ts';
import type { CurrentKey, ProviderKeys } from '../llm-config/provider-keys.ts';
import { once } from '../platform/async/once.ts';
import type { Database } from '../platform/postgres/database.ts';

import type { CallStart, Usage } from '../usage/service.ts';
import { admitKey } from './admission.ts';
import { claimLeaseMs, probeLeaseMs } from './attempt-time.ts';
import type { BeginAtOnce } from './begin-at-once.ts';
import type { Breaker, BreakerId, Permit } from './breaker/breaker.ts';
import { closedPermit } from './breaker/permit.ts';
import type { CallRequest } from './call.ts';
import { failureOf, isUnlimited, limitOf } from './limits/limit-now.ts';
import type { Limits, Pace, PacedCall } from './limits/limits.ts';

/** A call that may be made: its record is committed, its tokens are reserved, and the breaker permits it. */
export interface BegunCall {
  readonly kind: 'begun';
  readonly stored: CurrentKey;
  readonly target: ProviderTarget;
  readonly permit: Permit;
  readonly paced: PacedCall;
  readonly pace: Pace;
  readonly callId: string;
}

/** How the begin of a call ended. In the other cases nothing is called. */
export type Begun =
  | BegunCall
  | { readonly kind: 'superseded' | 'claimed' }
  /** The call is for another address than the tenant's key. */
  | { readonly kind: 'moved'; readonly stored: CurrentKey }
  | ({ readonly kind: 'failed' } & Failure);

/** Admits a call, in one transaction that is committed with the call record before anything is called. */
export type BeginCall = <R, K>(request: CallRequest<R, K>) => Promise<Begun>;

export interface BeginCallDeps {
  readonly database: Database;
  readonly keys: ProviderKeys;
  readonly breaker: Breaker;
  readonly limits: Limits;
  readonly usage: Usage;
  readonly atOnce: BeginAtOnce;
  /** The probe of a half-open breaker is given as much. */
  readonly backgroundTimeoutMs: BackgroundTimeout;
}

/**
 * The wait when other calls hold the rest of a budget. They end within their timeouts, so the budget is worth a new
 * look soon, but not at once.
 */
const reservedRetryMs = 15_000;

/** Thrown to roll back the reservation and the call record of a call that is refused after them. */
class Refused extends Error {
  override readonly name = 'Refused';
  readonly refusal: Begun;
  constructor(refusal: Begun) {
    super();
    this.refusal = refusal;
  }
}

/**
 * Creates the begin of calls: key, claim, budget, breaker and limits, in this order. While nothing has changed since the last call of
 * the tenant, one statement decides all of them.
 */
export function createBeginCall({
  database,
  keys,
  breaker,
  limits,
  usage,
  atOnce,
  backgroundTimeoutMs,
}: BeginCallDeps): BeginCall {
  return async <R, K>(request: CallRequest<R, K>): Promise<Begun> => {
    const { tenantId, operation } = request;
    const likelyTokens = once(request.likelyTokens ?? (() => request.maxTokens));
    const callId = randomUUID();
    const leaseMs = probeLeaseMs(request, backgroundTimeoutMs(operation));
    const pacedWith = (stored: CurrentKey): PacedCall => ({
      ...{ key: breakerOf(request, stored), callId, likelyTokens, probeLeaseMs: leaseMs },
      maxTokens: request.maxTokens,
    });

    const known = atOnce.find(request);
    if (known !== undefined) {
      const { stored, target } = known;
      const caller = callerOf[request.source];
      const start = callStartOf(request, { callId, target, stored, likelyTokens });
      const epochs = await atOnce.begin(request, {
        ...{ stored, target, caller, start, claimLeaseMs: claimLeaseMs(request) },
      });
      if (epochs === 'claimed') return { kind: 'claimed' };
      if (epochs !== undefined) {
        const permit = closedPermit(caller, epochs.breaker);
        const pace = { epoch: epochs.limits, paused: false };
        return { kind: 'begun', stored, target, permit, paced: pacedWith(stored), pace, callId };
      }
    }

    try {
      return await database.withTenant(tenantId, async (tx): Promise<Begun> => {
        const [admitted, seen] = await Promise.all([
          admitKey(keys, tx, tenantId, operation),
          limits.read(tx, tenantId, channelOf(operation)),
        ]);
        if (admitted.kind === 'no_key') return { kind: 'failed', code: 'no_api_key' };
        if (admitted.kind === 'rejected' && !request.evenIfRejected)
          return { kind: 'failed', code: admitted.code };
        const { key: stored } = admitted;
        const { expectedTargetId } = request;
        if (expectedTargetId !== undefined && expectedTargetId !== targetIdOf(stored.target))
          return { kind: 'superseded' };
        const target =
          request.target === undefined ? stored.target : atCurrentAddress(request.target, stored.target);
        if (target === undefined) return { kind: 'moved', stored };

        const { evenIfRejected: tested = false } = request;
        const limit = tested ? undefined : limitOf(seen, stored.version, likelyTokens);
        // Before anything is written: while a key is paused, all of its callers come by here.
        if (limit !== undefined) return { kind: 'failed', ...failureOf(limit) };

        // Before the month's row, as at the end of every call: in two orders, a call that begins and one that ends could wait for
        // each other.
        const buyer = { callId, leaseMs: claimLeaseMs(request) };
        if (request.claim !== undefined && !(await request.claim.take(tx, buyer))) return { kind: 'claimed' };

        const start = callStartOf(request, { callId, target, stored, likelyTokens });
        const reserved = await usage.begin(tx, tenantId, start);
        if (reserved !== 'begun') {
          // Not rolled back: the mark of the exhausted budget is written.
          await request.claim?.release(tx, callId);
          return reserved === 'budget_reserved'
            ? { kind: 'failed', code: 'budget_exhausted', retryAfterMs: reservedRetryMs }
            : {
                kind: 'failed',
                code: 'budget_exhausted',
                renewsAt: renewalOf(reserved === 'day_exhausted' ? 'day' : 'month', new Date()),
              };
        }

        const breakerId = breakerOf(request, stored);
        const acquired = await breaker.acquire(tx, breakerId, callerOf[request.source], leaseMs);
        if (acquired.kind === 'open')
          throw new Refused({ kind: 'failed', code: 'circuit_open', retryAfterMs: acquired.retryInMs });
        // After the row of the breaker, as at the end of a call.
        const paced = pacedWith(stored);
        const taken = await limits.take(tx, paced, seen, tested);
        if (taken.kind === 'limited') throw new Refused({ kind: 'failed', ...failureOf(taken) });
        if (!acquired.probe && !taken.paused && isUnlimited(seen, stored.version))
          tx.afterCommit(() => atOnce.remember(tenantId, operation, stored));
        return { kind: 'begun', stored, target, permit: acquired, paced, pace: taken, callId };
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return error.refusal;
    }
  };
}

/** The call as its record has it. */
function callStartOf<R, K>(
  request: CallRequest<R, K>,
  {
    callId,
    target,
    stored,
    likelyTokens,
  }: {
    readonly callId: string;
    readonly target: ProviderTarget;
    readonly stored: CurrentKey;
    readonly likelyTokens: () => number;
  },
): CallStart {
  const { operation } = request;
  return {
    id: callId,
    provider: operations[operation].provider,
    operation,
    source: request.source,
    model: target.model,
    keyVersion: stored.version,
    inputs: request.inputs,
    maxTokens: request.maxTokens,
    maxOutputTokens: request.maxOutputTokens ?? 0,
    likelyTokens,
    ...(request.subjectId === undefined ? {} : { subjectId: request.subjectId }),
    apiKeyId: request.apiKeyId ?? null,
    divisible: request.divisible ?? false,
  };
}

/** The breaker of a call that is made with this key. */
export function breakerOf<R, K>(request: CallRequest<R, K>, stored: CurrentKey): BreakerId {
  return {
    tenantId: request.tenantId,
    provider: channelOf(request.operation),
    keyVersion: stored.version,
  };
}
