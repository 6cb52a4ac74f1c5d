import type { CostBound } from '../domain/cost.ts';
import type { Failure, FailureCode } from '../domain/failures.ts';
import type { CallOperation, CallSource, KeyReference } from '../domain/operations.ts';
import type { ProviderTarget } from '../domain/provider-target.ts';
import type { CandidateKey } from '../llm-config/trial.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { ProviderAnswer } from './wire/provider-answer.ts';
import type { RefusalHint } from './wire/refusal-hint.ts';

/** A claim on what a call buys, so that no other call buys the same meanwhile. */
export interface Claim {
  /** Takes the claim in the transaction that begins the call; false when another call has a part of it. */
  take(tx: Transaction, buyer: { readonly callId: string; readonly leaseMs: number }): Promise<boolean>;
  /** Gives up what is left of the claim in the transaction that ends the call, however it ended. */
  release(tx: Transaction, callId: string): Promise<void>;
}

/** What a call has cost, as its record has it: all that it has reserved, where the answer tells nothing that can be believed. */
export interface CallTokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A provider call. `R` is the result of the provider, `K` what `persist` makes of it. */
export interface CallRequest<R, K> {
  readonly tenantId: string;
  readonly operation: CallOperation;
  readonly source: CallSource;
  /** The article, or other subject, of the call. */
  readonly subjectId?: string;
  /** Texts in the request. */
  readonly inputs: number;
  /** The API key that caused the call, whose daily budget is charged beside the tenant's month. */
  readonly apiKeyId?: string | null;
  /** The most tokens that the call can cost, those of its answer included: a bound, reserved in the budgets. */
  readonly maxTokens: number;
  /** Those of them that the answer can cost; by default none. */
  readonly maxOutputTokens?: number;
  /** What the call will cost by experience. Computed only for a budget that cannot hold the bound. */
  readonly likelyTokens?: () => number;
  /** The caller makes a smaller call where a budget refuses this one. Then the budget is not reported as exhausted. */
  readonly divisible?: boolean;
  /**
   * The provider has failed on these inputs before and has answered others since. If it fails on them again (status 500), the
   * breaker does not count it.
   */
  readonly suspect?: boolean;
  /** How long the caller waits, in milliseconds. */
  readonly timeoutMs: number;
  /**
   * What to ask instead of the tenant's current target. At another address than the current one nothing is called, and the result
   * is `superseded`.
   */
  readonly target?: ProviderTarget;
  /**
   * The current target that the caller counts on. If the tenant has another one by now, the result is `superseded` and
   * nothing is called.
   */
  readonly expectedTargetId?: string;
  /** Calls even with a key that the provider has rejected, to find out whether it accepts the key now. */
  readonly evenIfRejected?: boolean;
  /**
   * A key to call with instead of the tenant's stored one, on its own target. See `depsOfCandidate` for what such a call does not
   * touch.
   */
  readonly candidate?: CandidateKey;
  /** What the call buys. Where another call is buying it, the result is `claimed` and nothing is called. */
  readonly claim?: Claim;
  /**
   * Makes the one attempt, within its own time: it may be longer than the caller waits. The opened key lives for this call only.
   */
  send(attempt: {
    readonly apiKey: string;
    readonly target: ProviderTarget;
    /** How long the caller waits, in milliseconds. */
    readonly timeoutMs: number;
  }): Promise<ProviderAnswer<R>>;
  /**
   * Works on the result before the transaction that stores it, with no connection in hand. It must not fail, because the result is
   * paid for: an error ends the call as `internal`, at the cost of its answer.
   */
  prepare?(result: R): Promise<void>;
  /** Stores the result in the transaction that finishes the call record, so that both are committed or neither. */
  persist(tx: Transaction, result: R, key: KeyReference, tokens: CallTokens): Promise<K>;
  /**
   * Stores that an answer was paid for and cannot be used, in the transaction that ends the call, so that the buyer does not buy
   * the same answer again.
   */
  persistUnusable?(tx: Transaction, code: FailureCode, tokens: CallTokens): Promise<void>;
}

/** The bound on the cost of a call, by direction. */
export function costBoundOf({
  maxTokens,
  maxOutputTokens = 0,
}: Pick<CallRequest<unknown, unknown>, 'maxTokens' | 'maxOutputTokens'>): CostBound {
  return { inputTokens: maxTokens - maxOutputTokens, outputTokens: maxOutputTokens };
}

/**
 * How a call ended. `superseded`: the tenant no longer uses the target, and `claimed`: another call has the claim; in both
 * cases nothing was called.
 */
export type CallResult<K> =
  | { readonly kind: 'ok'; readonly persisted: K; readonly key: KeyReference; readonly inputTokens: number }
  | { readonly kind: 'superseded' | 'claimed' }
  | ({ readonly kind: 'failed'; readonly hint?: RefusalHint } & Failure);
