import { renewalOf } from '../domain/budget-period.ts';
import type { Failure, KeyRejection } from '../domain/failures.ts';
import { type Caller, type CallOperation, channelOf } from '../domain/operations.ts';
import type { CurrentKey, ProviderKeys } from '../llm-config/provider-keys.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { Usage } from '../usage/service.ts';
import type { Breaker } from './breaker/breaker.ts';
import { failureOf, type LimitNow, limitOf } from './limits/limit-now.ts';
import type { Limits } from './limits/limits.ts';

/** Whether the tenant's key allows a call. */
export type KeyAdmission =
  | { readonly kind: 'admitted'; readonly key: CurrentKey }
  | { readonly kind: 'no_key' }
  | { readonly kind: 'rejected'; readonly key: CurrentKey; readonly code: KeyRejection };

/** Whether a call could be made now, and what prevents it. */
export type Admission =
  | KeyAdmission
  /** The breaker is open. */
  | { readonly kind: 'open'; readonly key: CurrentKey; readonly retryInMs: number }
  /** The key is paused, or too little is left of one of its limits. */
  | { readonly kind: 'limited'; readonly key: CurrentKey; readonly limit: LimitNow }
  /** The month's budget is used up. */
  | { readonly kind: 'spent'; readonly key: CurrentKey };

export interface AdmissionDeps {
  readonly keys: Pick<ProviderKeys, 'current'>;
  readonly breaker: Pick<Breaker, 'refusals'>;
  readonly limits: Pick<Limits, 'read'>;
  readonly usage: Pick<Usage, 'isSpent'>;
}

/** Whether the tenant has a key for the operation, and one that the provider has not rejected. */
export async function admitKey(
  keys: Pick<ProviderKeys, 'current'>,
  tx: Transaction,
  tenantId: string,
  operation: CallOperation,
): Promise<KeyAdmission> {
  const key = await keys.current(tx, tenantId, operation);
  if (key === undefined) return { kind: 'no_key' };
  return key.rejection === null ? { kind: 'admitted', key } : { kind: 'rejected', key, code: key.rejection };
}

/**
 * Decides whether the guard would refuse a call, before anything is prepared for it. This takes one round trip, or two
 * for a tenant with a budget. It reserves nothing: another caller may take the probe or the last tokens before the
 * call, so the guard decides again.
 */
export async function admit(
  { keys, breaker, limits, usage }: AdmissionDeps,
  tx: Transaction,
  tenantId: string,
  operation: CallOperation,
  caller: Caller,
): Promise<Admission> {
  const provider = channelOf(operation);
  const [admitted, refusals, seen] = await Promise.all([
    admitKey(keys, tx, tenantId, operation),
    breaker.refusals(tx, { tenantId, provider }, caller),
    limits.read(tx, tenantId, provider),
  ]);
  if (admitted.kind !== 'admitted') return admitted;
  const { key } = admitted;
  // The breaker of another key version says nothing about this one.
  const waitsMs = refusals.flatMap(({ keyVersion, retryInMs }) =>
    keyVersion === key.version ? [retryInMs] : [],
  );
  if (waitsMs.length > 0) return { kind: 'open', key, retryInMs: Math.max(...waitsMs) };
  const limit = limitOf(seen, key.version);
  if (limit !== undefined) return { kind: 'limited', key, limit };
  const { monthlyTokenBudget: budget } = key;
  const spent = budget !== null && (await usage.isSpent(tx, tenantId, budget));
  return spent ? { kind: 'spent', key } : admitted;
}

/** Why no call can be made, as a code of the failure table; undefined when one can. */
export function refusalOf(admission: Admission): Failure | undefined {
  switch (admission.kind) {
    case 'admitted':
      return undefined;
    case 'no_key':
      return { code: 'no_api_key' };
    case 'rejected':
      return { code: admission.code };
    case 'open':
      return { code: 'circuit_open', retryAfterMs: admission.retryInMs };
    case 'limited':
      return failureOf(admission.limit);
    case 'spent':
      return { code: 'budget_exhausted', renewsAt: renewalOf('month', new Date()) };
    default:
      return admission satisfies never;
  }
}
