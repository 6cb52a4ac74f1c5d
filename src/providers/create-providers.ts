import type { Audit } from '../audit/service.ts';
import type { ProviderKeys } from '../llm-config/provider-keys.ts';
import type { BacklogRequests } from '../llm-config/settings.ts';
import { uncancelled } from '../platform/async/cancellation.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Usage } from '../usage/service.ts';
import { createGuardedAnthropic, type GuardedAnthropic } from './anthropic/guarded-anthropic.ts';
import { type BreakerPolicy, createBreaker } from './breaker/breaker.ts';
import { meterBreaker } from './breaker/metered-breaker.ts';
import { createGuardedEmbedding, type GuardedEmbedding } from './embedding/guarded-embedding.ts';
import { createGuard, type Guard } from './guard.ts';
import { createLimits, type Limits } from './limits/limits.ts';
import { meterGuard } from './metered-guard.ts';
import type { ProviderMetrics } from './metrics.ts';
import { type BreakerWaits, createProviderStates, type ProviderStates } from './status/provider-states.ts';
import { createKeyVerification, type KeyVerification } from './status/verification.ts';

export interface CreateProvidersDeps {
  readonly database: Database;
  readonly audit: Audit;
  readonly usage: Usage;
  readonly keys: ProviderKeys;
  readonly backlog: BacklogRequests & BreakerWaits;
  readonly metrics: Pick<
    ProviderMetrics,
    'breakerChanged' | 'providerCall' | 'costEstimated' | 'callRefused'
  >;
  readonly breaker: Omit<BreakerPolicy, 'maxOpenMs'>;
  /** Timeout of one attempt while a client waits, in milliseconds. */
  readonly attemptTimeoutMs: number;
  /** Timeout of one attempt in a workflow, in milliseconds. */
  readonly backgroundTimeoutMs: number;
}

export interface ProvidersRoom {
  readonly guard: Guard;
  readonly limits: Limits;
  readonly embedding: GuardedEmbedding;
  readonly anthropic: GuardedAnthropic;
  readonly verification: KeyVerification;
  readonly providerStates: ProviderStates;
}

/** The limit of a breaker's open time: a provider that is back is noticed within ten minutes. */
const maxOpenMs = 600_000;

/** Wires the guard, its breaker, the guarded providers, and the tenants' view of them. */
export function createProviders(deps: CreateProvidersDeps): ProvidersRoom {
  const { database, audit, usage, keys, backlog, metrics } = deps;
  const policy = { ...deps.breaker, maxOpenMs: Math.max(maxOpenMs, deps.breaker.openMs) };
  const breaker = meterBreaker(createBreaker(policy), metrics);
  const limits = createLimits();
  const guard = outlivingRequests(
    meterGuard(
      createGuard({ database, keys, breaker, limits, usage, backgroundTimeoutMs: deps.backgroundTimeoutMs }),
      metrics,
    ),
  );
  const embedding = createGuardedEmbedding({ guard });
  const anthropic = createGuardedAnthropic({ guard });
  const timeoutMs = deps.attemptTimeoutMs;
  return {
    guard,
    limits,
    embedding,
    anthropic,
    verification: createKeyVerification({ database, keys, embedding, anthropic, backlog, timeoutMs }),
    providerStates: createProviderStates({ database, keys, breaker, limits, audit, usage, backlog }),
  };
}

/** A call goes on although the request that asked for it has ended: what is paid for is stored. */
function outlivingRequests(guard: Guard): Guard {
  return { ...guard, call: (request) => uncancelled(() => guard.call(request)) };
}
