import { believed, costWithoutUsage } from '../domain/cost.ts';
import { type Failure, isKeyRejection } from '../domain/failures.ts';
import { channelOf, type KeyReference, operations } from '../domain/operations.ts';
import { originOf, targetIdOf } from '../domain/provider-target.ts';
import type { CurrentKey, ProviderKeys } from '../llm-config/provider-keys.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { Usage } from '../usage/service.ts';
import { type AttemptTime, answeredWithin } from './attempt-time.ts';
import { type BegunCall, breakerOf } from './begin-call.ts';
import type { Breaker } from './breaker/breaker.ts';
import { changesNothing } from './breaker/permit.ts';
import { type CallRequest, type CallResult, costBoundOf } from './call.ts';
import { failureOf, type LimitNow } from './limits/limit-now.ts';
import type { Limits } from './limits/limits.ts';
import { retryPersist } from './retry-persist.ts';
import { isAnswer, isPaidInVain, verdictOn } from './verdict-on.ts';
import type { ProviderAnswer } from './wire/provider-answer.ts';
import type { RateLimits } from './wire/rate-limits.ts';
import { watchSending } from './wire/watch-sending.ts';

/** Makes the one attempt of a call that has begun, and ends the call: all that the answer changes is one transaction. */
export type MakeCall = <R, K>(
  request: CallRequest<R, K>,
  begun: BegunCall,
  time: AttemptTime,
) => Promise<CallResult<K>>;

export interface MakeCallDeps {
  readonly database: Database;
  readonly keys: ProviderKeys;
  readonly breaker: Breaker;
  readonly limits: Limits;
  readonly usage: Usage;
}

/** Creates the making of calls. */
export function createMakeCall({ database, keys, breaker, limits, usage }: MakeCallDeps): MakeCall {
  return async <R, K>(
    request: CallRequest<R, K>,
    { stored, target, permit, paced, pace, callId }: BegunCall,
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
        await limits.ended(tx, paced, pace, { outcome: 'not_made', told: undefined, tookMs: 0 });
      });
      return opened;
    }

    const startedAtMs = performance.now();
    const { answer: sent, told } = await attempt(request, {
      apiKey: opened.plaintext,
      target,
      timeoutMs: time.timeoutMs,
    });
    const answer = await prepared(request, sent);
    const sinceStartMs = () => performance.now() - startedAtMs;
    const tookMs = sinceStartMs();
    // A refusal is an answer, too: one that a person's probe gets at once is not too late for persons.
    const within = isAnswer(answer) ? answeredWithin(request, tookMs) : time.within;

    const bound = costBoundOf(request);
    const cost = believed(answer.cost, bound);
    const { inputTokens, outputTokens } = cost.kind === 'told' ? cost : bound;
    const tokens = { inputTokens, outputTokens };
    const finish = async (tx: Transaction): Promise<CallResult<K>> => {
      // Persisted first, so that the rows of the month and the breaker, which every call of the tenant needs, are
      // locked only at the end.
      const persisted =
        answer.kind === 'ok' ? { value: await request.persist(tx, answer.result, key, tokens) } : undefined;
      if (isPaidInVain(answer)) await request.persistUnusable?.(tx, answer.code, tokens);
      await request.claim?.release(tx, callId);
      const end = {
        id: callId,
        outcome: answer.kind === 'ok' ? 'ok' : answer.code,
        cost,
        maxTokens: request.maxTokens,
        entered: true,
      };
      const verdict = verdictOn(answer, within, request.suspect);
      const changesNoMore = told === undefined && !pace.paused && changesNothing(permit, verdict);
      if (persisted !== undefined && changesNoMore && isCalm(stored)) {
        await usage.finishAndCommit(tx, tenantId, end);
        return { kind: 'ok', persisted: persisted.value, key, inputTokens: tokens.inputTokens };
      }
      await usage.finish(tx, tenantId, end);
      await breaker.report(tx, breakerId, permit, verdict);
      const limit = await limits.ended(tx, paced, pace, {
        outcome: answer.kind === 'ok' ? 'ok' : answer.code,
        retryAfterMs: answer.kind === 'ok' ? undefined : answer.retryAfterMs,
        told,
        tookMs: sinceStartMs(),
      });
      if (answer.kind === 'failed') {
        // A key that may not rerank still embeds.
        const mayOtherwise = answer.code === 'permission_denied' && channelOf(operation) === 'rerank';
        if (isKeyRejection(answer.code) && !mayOtherwise)
          await keys.markRejected(tx, tenantId, provider, stored.version, answer.code);
        const { cost: _, cause: __, follows: ___, ...failed } = answer;
        return { ...failed, ...waitOf(failed, limit) };
      }
      if (stored.status !== 'verified') {
        const { evenIfRejected = false } = request;
        await keys.markVerified(tx, tenantId, provider, stored.version, { evenIfRejected });
      }
      if (persisted === undefined) throw new Error('a paid result was not persisted');
      return { kind: 'ok', persisted: persisted.value, key, inputTokens: tokens.inputTokens };
    };
    return retryPersist(() => database.withTenant(tenantId, finish));
  };
}

/** Whether an answer with this key changes neither its status nor a budget that reports how much of it is used. */
const isCalm = ({ status, monthlyTokenBudget }: CurrentKey) =>
  status === 'verified' && monthlyTokenBudget === null;

/** The wait after a refusal: that of the pause which it has begun, for this call as for all others. */
function waitOf(failed: Failure, limit: LimitNow | undefined): Pick<Failure, 'retryAfterMs' | 'renewsAt'> {
  if (limit === undefined) return {};
  const { code, called: _, ...wait } = failureOf(limit);
  return code === failed.code ? wait : {};
}

/**
 * Makes the one attempt. An error that it throws is a bug of this service and may hold the key, so only the code
 * `internal` is passed on, and the call record is finished.
 */
async function attempt<R, K>(
  request: CallRequest<R, K>,
  credential: Parameters<CallRequest<R, K>['send']>[0],
): Promise<{ readonly answer: ProviderAnswer<R>; readonly told: RateLimits | undefined }> {
  return watchSending(async (wasSent, toldLimits) => {
    try {
      const answer = await request.send(credential);
      return { answer, told: toldLimits() };
    } catch {
      const cost = costWithoutUsage({ sent: wasSent(), status: undefined });
      return { answer: { kind: 'failed', code: 'internal', cost }, told: toldLimits() };
    }
  });
}

/**
 * The answer after the caller's work on it. An error of that work is a bug of this service: the answer then cannot be used, and costs
 * what it has cost, so that its record is closed.
 */
async function prepared<R, K>(
  request: CallRequest<R, K>,
  answer: ProviderAnswer<R>,
): Promise<ProviderAnswer<R>> {
  if (answer.kind === 'failed') return answer;
  try {
    await request.prepare?.(answer.result);
    return answer;
  } catch {
    return { kind: 'failed', code: 'internal', cost: answer.cost };
  }
}
