import { randomUUID } from 'node:crypto';
import { renewalOf } from '../domain/budget-period.ts';
import type { Failure } from '../domain/failures.ts';
import { type BackgroundTimeout, callerOf, channelOf, operations } from '../domain/operations.ts';
import { atCurrentAddress, type ProviderTarget, targetIdOf } from '../domain/provider-target.ts';
import type { CurrentKey, ProviderKeys } from '../llm-config/provider-keys.ts';
import { once } from '../platform/async/once.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Usage } from '../usage/service.ts';
import { admitKey } from './admission.ts';
import { claimLeaseMs, probeLeaseMs } from './attempt-time.ts';
import type { Breaker, BreakerId, Permit } from './breaker/breaker.ts';
import type { CallRequest } from './call.ts';
import { failureOf, limitOf } from './limits/limit-now.ts';
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

/** Creates the begin of calls: key, claim, budget, breaker and limits, in this order. */
export function createBeginCall({
  database,
  keys,
  breaker,
  limits,
  usage,
  backgroundTimeoutMs,
}: BeginCallDeps): BeginCall {
  return async <R, K>(request: CallRequest<R, K>): Promise<Begun> => {
    const { tenantId, operation } = request;
    const { provider } = operations[operation];
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
        const likelyTokens = once(request.likelyTokens ?? (() => request.maxTokens));
        const limit = tested ? undefined : limitOf(seen, stored.version, likelyTokens);
        // Before anything is written: while a key is paused, all of its callers come by here.
        if (limit !== undefined) return { kind: 'failed', ...failureOf(limit) };

        const callId = randomUUID();
        // Before the month's row, as at the end of every call: in two orders, a call that begins and one that ends could wait for
        // each other.
        const buyer = { callId, leaseMs: claimLeaseMs(request) };
        if (request.claim !== undefined && !(await request.claim.take(tx, buyer))) return { kind: 'claimed' };

        const reserved = await usage.begin(tx, tenantId, {
          id: callId,
          provider,
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
        });
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

        const leaseMs = probeLeaseMs(request, backgroundTimeoutMs(operation));
        const breakerId = breakerOf(request, stored);
        const acquired = await breaker.acquire(tx, breakerId, callerOf[request.source], leaseMs);
        if (acquired.kind === 'open')
          throw new Refused({ kind: 'failed', code: 'circuit_open', retryAfterMs: acquired.retryInMs });
        // After the row of the breaker, as at the end of a call.
        const paced = {
          ...{ key: breakerId, callId, likelyTokens, probeLeaseMs: leaseMs },
          maxTokens: request.maxTokens,
        };
        const taken = await limits.take(tx, paced, seen, tested);
        if (taken.kind === 'limited') throw new Refused({ kind: 'failed', ...failureOf(taken) });
        return { kind: 'begun', stored, target, permit: acquired, paced, pace: taken, callId };
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return error.refusal;
    }
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
