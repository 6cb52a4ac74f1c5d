import type { Registry } from 'prom-client';
import { type FailureCode, failureCodes } from '../domain/failures.ts';
import {
  type CallSource,
  type Channel,
  callOperations,
  callSources,
  channels,
  type Provider,
  providers,
} from '../domain/operations.ts';
import { transportCauses } from '../domain/transport-cause.ts';
import { createCounter, createHistogram } from '../platform/telemetry/counters.ts';
import { type BreakerTransition, breakerTransitions } from './breaker/breaker-states.ts';
import { addressOwners, type ConnectionFailure } from './status/recent-causes.ts';

interface CallLabels {
  readonly provider: Provider;
  readonly operation: string;
  readonly source: CallSource;
}

/** What was wrong with the usage that a provider told. */
const unusableUsages = ['absent', 'unbelievable'] as const;
type UnusableUsage = (typeof unusableUsages)[number];

/** The counters of calls and breakers. No event carries a tenant, an article, a key or a model. */
export interface ProviderMetrics {
  /** An attempt at a provider has ended. */
  providerCall(
    call: CallLabels & {
      readonly code: 'ok' | FailureCode;
      readonly seconds: number;
      readonly inputTokens: number;
      readonly outputTokens: number;
    },
  ): void;
  /** The cost of an attempt counts as all that it could be: the provider told no usage, or one that cannot be. */
  costEstimated(call: CallLabels & { readonly usage: UnusableUsage }): void;
  /** A call was refused before anything was sent. */
  callRefused(call: CallLabels & { readonly code: FailureCode }): void;
  /** No answer came, for this reason. */
  connectionFailed(failure: ConnectionFailure): void;
  /** A provider's answers name another model than before. */
  modelDrifted(): void;
  /** A breaker has made a transition. */
  breakerChanged(change: { readonly provider: Channel; readonly to: BreakerTransition }): void;
}

/** Registers the counters of provider calls and breakers. */
export function createProviderMetrics(registry: Registry): ProviderMetrics {
  const labels = { provider: providers, operation: callOperations, source: callSources };
  const calls = createCounter(registry, {
    name: 'lorekeep_provider_calls_total',
    help: 'Attempts at a provider, by how they ended',
    labels: { ...labels, code: ['ok', ...failureCodes] },
  });
  const durations = createHistogram(registry, {
    name: 'lorekeep_provider_call_duration_seconds',
    help: 'Time of an attempt at a provider',
    labels,
    // The three timeouts, 4 s, 30 s and, where a model writes, 120 s, are bounds, so what lies beyond one was cut off.
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 180],
  });
  const tokens = createCounter(registry, {
    name: 'lorekeep_provider_tokens_total',
    help: 'Tokens bought, as the provider counted them',
    labels: { provider: providers, source: callSources, direction: ['input', 'output'] },
  });
  const estimated = createCounter(registry, {
    name: 'lorekeep_provider_costs_estimated_total',
    help: 'Attempts that count as all that they could cost, by what was wrong with the usage told',
    labels: { ...labels, usage: unusableUsages },
  });
  const refused = createCounter(registry, {
    name: 'lorekeep_provider_calls_refused_total',
    help: 'Calls refused before they were made',
    labels: { ...labels, code: failureCodes },
  });
  const connectionFailures = createCounter(registry, {
    name: 'lorekeep_provider_connection_failures_total',
    help: 'Attempts at a provider without an answer, by what was wrong with the connection',
    labels: { provider: providers, addresses: addressOwners, cause: transportCauses },
  });
  const drifts = createCounter(registry, {
    name: 'lorekeep_provider_models_drifted_total',
    help: 'Providers whose answers began to name another model than before',
    labels: {},
    fromZero: true,
  });
  const transitions = createCounter(registry, {
    name: 'lorekeep_breaker_transitions_total',
    help: 'Transitions of tenants’ breakers',
    labels: { provider: channels, to: breakerTransitions },
    fromZero: true,
  });

  return {
    providerCall({ provider, operation, source, code, seconds, inputTokens, outputTokens }) {
      calls.inc({ provider, operation, source, code });
      durations.observe({ provider, operation, source }, seconds);
      tokens.inc({ provider, source, direction: 'input' }, inputTokens);
      tokens.inc({ provider, source, direction: 'output' }, outputTokens);
    },
    costEstimated: (call) => estimated.inc(call),
    callRefused: (call) => refused.inc(call),
    connectionFailed: ({ provider, addresses, cause }) =>
      connectionFailures.inc({ provider, addresses, cause }),
    modelDrifted: () => drifts.inc({}),
    breakerChanged: (change) => transitions.inc(change),
  };
}
