import type { Audit } from '../audit/service.ts';
import type { BackgroundTimeout } from '../domain/operations.ts';
import type { ProviderUrls } from '../domain/provider-urls.ts';
import type { KeyWaiters } from '../llm-config/key-waiters.ts';
import type { ProviderKeys } from '../llm-config/provider-keys.ts';
import type { BacklogRequests } from '../llm-config/settings.ts';
import type { TryCandidates } from '../llm-config/trial.ts';
import { uncancelled } from '../platform/async/cancellation.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import type { Usage } from '../usage/service.ts';
import { createGuardedAnthropic, type GuardedAnthropic } from './anthropic/guarded-anthropic.ts';
import { type BreakerPolicy, createBreaker } from './breaker/breaker.ts';
import { meterBreaker } from './breaker/metered-breaker.ts';
import type { Catalogue } from './catalogue/create-catalogue.ts';
import { createGuardedEmbedding, type GuardedEmbedding } from './embedding/guarded-embedding.ts';
import { createProfileCache } from './embedding/profile-cache.ts';
import { createProfiles, type EmbeddingProfiles } from './embedding/profiles.ts';
import { createGuard, type Guard } from './guard.ts';
import { createLimits, type Limits } from './limits/limits.ts';
import { meterGuard } from './metered-guard.ts';
import type { ProviderMetrics } from './metrics.ts';
import { reportFailures } from './reported-guard.ts';
import { createGuardedRerank, type GuardedRerank } from './rerank/guarded-rerank.ts';
import { type BreakerWaits, createProviderStates, type ProviderStates } from './status/provider-states.ts';
import { createRecentCauses, type RecentCauses } from './status/recent-causes.ts';
import { createTryCandidates } from './status/try-candidates.ts';
import { createKeyVerification, type KeyVerification } from './status/verification.ts';
import { createProviderConnections } from './wire/provider-connections.ts';

export interface CreateProvidersDeps {
  readonly database: Database;
  readonly audit: Audit;
  readonly usage: Usage;
  readonly keys: ProviderKeys;
  readonly catalogue: Pick<Catalogue, 'find'>;
  readonly backlog: BacklogRequests & BreakerWaits;
  readonly keyWaiters: readonly KeyWaiters[];
  readonly log: Logger;
  readonly metrics: Pick<
    ProviderMetrics,
    'breakerChanged' | 'providerCall' | 'costEstimated' | 'callRefused' | 'connectionFailed' | 'modelDrifted'
  >;
  readonly breaker: Omit<BreakerPolicy, 'maxOpenMs'>;
  /** Which addresses tenants may choose. */
  readonly providerUrls: ProviderUrls;
  /** Timeout of one attempt while a client waits, in milliseconds. */
  readonly attemptTimeoutMs: number;
  readonly backgroundTimeoutMs: BackgroundTimeout;
}

export interface ProvidersRoom {
  readonly guard: Guard;
  readonly limits: Limits;
  readonly embedding: GuardedEmbedding;
  readonly profiles: EmbeddingProfiles;
  readonly rerank: GuardedRerank;
  readonly anthropic: GuardedAnthropic;
  readonly verification: KeyVerification;
  readonly tryCandidates: TryCandidates;
  readonly providerStates: ProviderStates;
  readonly recentCauses: RecentCauses;
}

/** The limit of a breaker's open time: a provider that is back is noticed within ten minutes. */
const maxOpenMs = 600_000;

/** Wires the guard, its breaker, the guarded providers, and the tenants' view of them. */
export function createProviders(deps: CreateProvidersDeps): ProvidersRoom {
  const { database, audit, usage, keys, backlog, keyWaiters, metrics } = deps;
  const policy = { ...deps.breaker, maxOpenMs: Math.max(maxOpenMs, deps.breaker.openMs) };
  const breaker = meterBreaker(createBreaker(policy), metrics);
  const limits = createLimits();
  const recentCauses = createRecentCauses();
  const guard = outlivingRequests(
    meterGuard(
      reportFailures(
        createGuard({
          database,
          keys,
          breaker,
          limits,
          usage,
          backgroundTimeoutMs: deps.backgroundTimeoutMs,
        }),
        { log: deps.log, metrics, recentCauses },
      ),
      metrics,
    ),
  );
  const profiles = createProfiles({ catalogue: deps.catalogue });
  const connections = createProviderConnections(deps.providerUrls);
  const cache = createProfileCache({ database, profiles, metrics, log: deps.log });
  const embedding = createGuardedEmbedding({
    ...{ database, keys, guard, catalogue: deps.catalogue, cache, connections },
  });
  const anthropic = createGuardedAnthropic({
    ...{ guard, connections, backgroundTimeoutMs: deps.backgroundTimeoutMs },
  });
  const rerank = createGuardedRerank({ keys, guard, catalogue: deps.catalogue, connections });
  const timeoutMs = deps.attemptTimeoutMs;
  return {
    guard,
    limits,
    embedding,
    profiles,
    rerank,
    anthropic,
    verification: createKeyVerification({
      ...{ database, keys, embedding, profiles, anthropic, backlog, keyWaiters, timeoutMs },
    }),
    tryCandidates: createTryCandidates({ embedding, anthropic, cache, timeoutMs }),
    providerStates: createProviderStates({
      ...{ database, keys, breaker, limits, audit, usage, backlog, keyWaiters },
    }),
    recentCauses,
  };
}

/** A call goes on although the request that asked for it has ended: what is paid for is stored. */
function outlivingRequests(guard: Guard): Guard {
  return { ...guard, call: (request) => uncancelled(() => guard.call(request)) };
}
