import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { renewalOf } from '../domain/budget-period.ts';
import { believed, costWithoutUsage } from '../domain/cost.ts';
import { type Failure, failureTraits, isKeyRejection } from '../domain/failures.ts';
import {
  type Caller,
  type CallOperation,
  callerOf,
  type KeyReference,
  operations,
} from '../domain/operations.ts';
import { atCurrentAddress, originOf, type ProviderTarget, targetIdOf } from '../domain/provider-target.ts';
import type { CurrentKey, ProviderKeys } from '../llm-config/provider-keys.ts';
import { withTimeout } from '../platform/async/with-timeout.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { Usage } from '../usage/service.ts';
import { type Admission, admit, admitKey } from './admission.ts';
import {
  type AttemptTime,
  answeredWithin,
  attemptTimeOf,
  claimLeaseMs,
  probeLeaseMs,
} from './attempt-time.ts';
import type { Breaker, BreakerId, Permit, Verdict } from './breaker/breaker.ts';
import { type CallRequest, type CallResult, costBoundOf } from './call.ts';
import type { ProviderAnswer } from './wire/provider-answer.ts';
import { watchSending } from './wire/watch-sending.ts';

/** The guarded path to the providers. */
export interface Guard {
  /** Whether a call of this operation could be made now. It reserves nothing, and `call` decides again. */
  admission(tx: Transaction, tenantId: string, operation: CallOperation, caller: Caller): Promise<Admission>;
  /**
   * Makes a call. It is the one path to a provider: key status, budget, breaker, decrypt, one attempt, classify,
   * breaker, call record.
   */
  call<R, K>(request: CallRequest<R, K>): Promise<CallResult<K>>;
}

export interface GuardDeps {
  readonly database: Database;
  readonly keys: ProviderKeys;
  readonly breaker: Breaker;
  readonly usage: Usage;
  /** Timeout of one attempt in a workflow, in milliseconds. The probe of a half-open breaker is given as much. */
  readonly backgroundTimeoutMs: number;
}

/**
 * The wait when other calls hold the rest of a budget. They end within their timeouts, so the budget is worth a new
 * look soon, but not at once.
 */
const reservedRetryMs = 15_000;

/** Pauses before a paid result is stored again. A restart of Postgres takes seconds. */
const retryPersistAfterMs = [200, 1_000, 3_000];

type Begun =
  | {
      readonly kind: 'begun';
      readonly stored: CurrentKey;
      readonly target: ProviderTarget;
      readonly permit: Permit;
      readonly callId: string;
    }
  | { readonly kind: 'superseded' | 'claimed' }
  /** The call is for another address than the tenant's key. */
  | { readonly kind: 'moved'; readonly stored: CurrentKey }
  | ({ readonly kind: 'failed' } & Failure);

/** Thrown to roll back the reservation and the call record of a call that is refused after them. */
class Refused extends Error {
  override readonly name = 'Refused';
  readonly refusal: Begun;
  constructor(refusal: Begun) {
    super();
    this.refusal = refusal;
  }
}

/** Creates the guard. Every failure that it returns is a code of the failure table and nothing else. */
export function createGuard(deps: GuardDeps): Guard {
  const { database, keys, breaker, usage, backgroundTimeoutMs } = deps;

  /** Admits the call, in one transaction that is committed with the call record before anything is called. */
  const begin = async <R, K>(request: CallRequest<R, K>): Promise<Begun> => {
    const { tenantId, operation } = request;
    const { provider } = operations[operation];
    try {
      return await database.withTenant(tenantId, async (tx): Promise<Begun> => {
        const admitted = await admitKey(keys, tx, tenantId, operation);
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
          likelyTokens: request.likelyTokens ?? (() => request.maxTokens),
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

        const acquired = await breaker.acquire(
          tx,
          breakerOf(request, stored),
          callerOf[request.source],
          probeLeaseMs(request, backgroundTimeoutMs),
        );
        if (acquired.kind === 'open')
          throw new Refused({ kind: 'failed', code: 'circuit_open', retryAfterMs: acquired.retryInMs });
        return { kind: 'begun', stored, target, permit: acquired, callId };
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return error.refusal;
    }
  };

  /** Makes the one attempt of a call that has begun, and ends the call: all that the answer changes is one transaction. */
  const makeCall = async <R, K>(
    request: CallRequest<R, K>,
    { stored, target, permit, callId }: Extract<Begun, { kind: 'begun' }>,
    time: AttemptTime,
  ): Promise<CallResult<K>> => {
    const { tenantId, operation } = request;
    const { provider } = operations[operation];
    const breakerId = breakerOf(request, stored);
    const key: KeyReference = {
      provider,
      model: target.model,
      keyVersion: stored.version,
      targetId: targetIdOf(target),
    };

    const opened = await keys.openKey(tenantId, provider, stored, originOf(target.baseUrl));
    if (opened.kind === 'failed') {
      await database.withTenant(tenantId, async (tx) => {
        await request.claim?.release(tx, callId);
        await usage.cancel(tx, tenantId, callId);
        await breaker.report(tx, breakerId, permit, { kind: 'not_made' });
      });
      return opened;
    }

    const startedAtMs = performance.now();
    const answer = await attempt(request, {
      apiKey: opened.plaintext,
      target,
      timeoutMs: time.timeoutMs,
    });
    const tookMs = performance.now() - startedAtMs;
    // A refusal is an answer, too: one that a person's probe gets at once is not too late for persons.
    const within = isAnswer(answer) ? answeredWithin(request, tookMs) : time.within;

    const bound = costBoundOf(request);
    const cost = believed(answer.cost, bound);
    const finish = async (tx: Transaction): Promise<CallResult<K>> => {
      // Persisted first, so that the rows of the month and the breaker, which every call of the tenant needs, are
      // locked only at the end.
      const persisted =
        answer.kind === 'ok' ? { value: await request.persist(tx, answer.result, key) } : undefined;
      await request.claim?.release(tx, callId);
      await usage.finish(tx, tenantId, {
        id: callId,
        outcome: answer.kind === 'ok' ? 'ok' : answer.code,
        cost,
        maxTokens: request.maxTokens,
      });
      // A workflow copies its calls to the ledger in a step of its own. The other callers have no later step.
      if (request.source !== 'workflow') await usage.recordCall(tx, tenantId, callId);
      await breaker.report(tx, breakerId, permit, verdictOn(answer, within, request.suspect));
      if (answer.kind === 'failed') {
        if (isKeyRejection(answer.code))
          await keys.markRejected(tx, tenantId, provider, stored.version, answer.code);
        const { cost: _, cause: __, ...failed } = answer;
        return failed;
      }
      if (stored.status !== 'verified') {
        const { evenIfRejected = false } = request;
        await keys.markVerified(tx, tenantId, provider, stored.version, { evenIfRejected });
      }
      if (persisted === undefined) throw new Error('a paid result was not persisted');
      const { inputTokens } = cost.kind === 'told' ? cost : bound;
      return { kind: 'ok', persisted: persisted.value, key, inputTokens };
    };
    return retryPersist(() => database.withTenant(tenantId, finish));
  };

  /** Ends a call for a former address. Where no key opens for the present one either, that is what the tenant has to know. */
  const afterMove = async (tenantId: string, operation: CallOperation, stored: CurrentKey) => {
    const origin = originOf(stored.target.baseUrl);
    const opened = await keys.openKey(tenantId, operations[operation].provider, stored, origin);
    return opened.kind === 'failed' ? opened : ({ kind: 'superseded' } as const);
  };

  return {
    admission: (tx, tenantId, operation, caller) => admit(deps, tx, tenantId, operation, caller),

    async call<R, K>(request: CallRequest<R, K>): Promise<CallResult<K>> {
      const begun = await begin(request);
      if (begun.kind === 'moved') return afterMove(request.tenantId, request.operation, begun.stored);
      if (begun.kind !== 'begun') return begun;
      const time = attemptTimeOf(request, begun.permit.probe, backgroundTimeoutMs);
      const made = makeCall(request, begun, time);
      // Only the caller's wait ends: the attempt goes on, and what it brings is stored.
      return time.timeoutMs > request.timeoutMs
        ? withTimeout(made, request.timeoutMs, { kind: 'failed', code: 'provider_timeout' })
        : made;
    },
  };
}

/** Repeats the transaction for a few seconds, because a result that is not stored would be bought again. */
async function retryPersist<T>(store: () => Promise<T>): Promise<T> {
  for (const pauseMs of retryPersistAfterMs) {
    try {
      return await store();
    } catch {
      await delay(pauseMs);
    }
  }
  return store();
}

function breakerOf<R, K>(request: CallRequest<R, K>, stored: CurrentKey): BreakerId {
  const { provider } = operations[request.operation];
  return { tenantId: request.tenantId, provider, keyVersion: stored.version };
}

/**
 * Makes the one attempt. An error that it throws is a bug of this service and may hold the key, so only the code
 * `internal` is passed on, and the call record is finished.
 */
async function attempt<R, K>(
  request: CallRequest<R, K>,
  credential: Parameters<CallRequest<R, K>['send']>[0],
): Promise<ProviderAnswer<R>> {
  return watchSending(async (wasSent): Promise<ProviderAnswer<R>> => {
    try {
      return await request.send(credential);
    } catch {
      const cost = costWithoutUsage({ sent: wasSent(), status: undefined });
      return { kind: 'failed', code: 'internal', cost };
    }
  });
}

/** Whether the provider has answered, be it with a refusal. */
const isAnswer = <R>(answer: ProviderAnswer<R>) =>
  answer.kind === 'ok' || !failureTraits[answer.code].countsForBreaker;

/**
 * The verdict on the provider. One that refuses has answered: only codes that say it is unwell count against it. An
 * `internal` error says nothing about it, and neither does an address to which nothing was sent, or a failure on a suspect text,
 * so a probe is released for another call.
 */
function verdictOn<R>(answer: ProviderAnswer<R>, within: Caller, suspect = false): Verdict {
  if (answer.kind === 'ok') return { kind: 'answered', within };
  if (answer.code === 'internal') return { kind: 'not_made' };
  if (answer.code === 'address_forbidden') return { kind: 'not_made' };
  if (suspect && answer.hint?.kind === 'server_error') return { kind: 'not_made' };
  return isAnswer(answer) ? { kind: 'answered', within } : { kind: 'failed', code: answer.code, within };
}
