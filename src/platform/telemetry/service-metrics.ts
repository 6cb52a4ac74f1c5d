import { Counter, Histogram, type Registry } from 'prom-client';
import { type FailureCode, failureCodes } from '../../domain/failures.ts';
import {
  type BlockableOperation,
  blockableOperations,
  type CallSource,
  callOperations,
  callSources,
  type Provider,
  providers,
} from '../../domain/operations.ts';
import { type GateVerdict, gateVerdicts } from '../../proposals/decision.ts';

export const breakerTransitions = ['opened', 'probe', 'closed', 'reset'] as const;
export type BreakerTransition = (typeof breakerTransitions)[number];

interface CallLabels {
  readonly provider: Provider;
  readonly operation: string;
  readonly source: CallSource;
}

/** What happens in the service and is counted, by name. No event takes a tenant, an article, a key or a model. */
export interface ServiceMetrics {
  /** An attempt at a provider has ended. */
  providerCall(
    call: CallLabels & {
      readonly code: 'ok' | FailureCode;
      readonly seconds: number;
      readonly inputTokens: number;
      readonly outputTokens: number;
    },
  ): void;
  /** The guard refused a call before anything was sent. */
  callRefused(call: CallLabels & { readonly code: FailureCode }): void;
  breakerChanged(change: { readonly provider: Provider; readonly to: BreakerTransition }): void;
  /** A hash check has ended: `unchanged` bought nothing at all. */
  hashChecked(check: { readonly outcome: 'unchanged' | 'missing'; readonly chunksSkipped: number }): void;
  /** Vectors of that many chunks were bought and stored. */
  chunksBought(chunks: number): void;
  /** An operation was left out because its tenant has no key for it. */
  blockedWithoutKey(operation: BlockableOperation): void;
  /** A tenant's key was opened, or not; `cache` spared Vault. */
  keyOpened(opening: {
    readonly by: 'cache' | 'vault';
    readonly code: 'ok' | 'vault_unavailable' | 'key_unusable';
  }): void;
  /** A tenant's month has reached this share of its token budget. */
  budgetReached(percent: 80 | 100): void;
  /** A new article has passed the proposal gate, or was stopped by it. */
  gateDecided(verdict: GateVerdict): void;
}

/** A label's value if it is on the list: whatever else comes must not become a series of its own. */
export function closed(list: readonly string[], value: string): string {
  return list.includes(value) ? value : 'other';
}

/** Registers the counters behind the events. Every label takes its values from a closed list. */
export function createServiceMetrics(registry: Registry): ServiceMetrics {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name, help, labelNames, registers });

  const calls = counter('lorekeep_provider_calls_total', 'Attempts at a provider, by how they ended', [
    'provider',
    'operation',
    'source',
    'code',
  ]);
  const seconds = new Histogram({
    name: 'lorekeep_provider_call_duration_seconds',
    help: 'Time of an attempt at a provider',
    labelNames: ['provider', 'operation', 'source'],
    // The two budgets of time, 4 s and 30 s, are borders: beyond one lies a time-out.
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 45],
    registers,
  });
  const tokens = counter('lorekeep_provider_tokens_total', 'Tokens bought, as the provider counted them', [
    'provider',
    'source',
    'direction',
  ]);
  const refused = counter('lorekeep_provider_calls_refused_total', 'Calls refused before they were made', [
    'provider',
    'operation',
    'source',
    'code',
  ]);
  const transitions = counter('lorekeep_breaker_transitions_total', 'Transitions of tenants’ breakers', [
    'provider',
    'to',
  ]);
  const checks = counter('lorekeep_hash_checks_total', 'Hash checks of articles that were to be embedded', [
    'outcome',
  ]);
  const chunks = counter('lorekeep_chunks_total', 'Chunks whose vectors were there, and that were bought', [
    'fate',
  ]);
  const blocked = counter('lorekeep_blocked_no_api_key_total', 'Operations left out for want of a key', [
    'operation',
  ]);
  const openings = counter('lorekeep_key_openings_total', 'Openings of tenants’ keys', ['by', 'code']);
  const budgets = counter('lorekeep_budget_reached_total', 'Months that reached a share of their budget', [
    'percent',
  ]);
  const verdicts = counter('lorekeep_gate_verdicts_total', 'New articles, by what the proposal gate said', [
    'verdict',
  ]);

  // A series that first appears at 1 shows no increase: those that alerts and dashboards read begin at 0.
  for (const provider of providers) for (const to of breakerTransitions) transitions.inc({ provider, to }, 0);
  for (const outcome of ['unchanged', 'missing']) checks.inc({ outcome }, 0);
  for (const fate of ['skipped', 'bought']) chunks.inc({ fate }, 0);
  for (const operation of blockableOperations) blocked.inc({ operation }, 0);
  for (const percent of ['80', '100']) budgets.inc({ percent }, 0);
  for (const verdict of gateVerdicts) verdicts.inc({ verdict }, 0);
  openings.inc({ by: 'cache', code: 'ok' }, 0);
  for (const code of ['ok', 'vault_unavailable', 'key_unusable']) openings.inc({ by: 'vault', code }, 0);

  const labelsOf = ({ provider, operation, source }: CallLabels) => ({
    provider: closed(providers, provider),
    operation: closed(callOperations, operation),
    source: closed(callSources, source),
  });

  return {
    providerCall(call) {
      const labels = labelsOf(call);
      calls.inc({ ...labels, code: closed(['ok', ...failureCodes], call.code) });
      seconds.observe(labels, call.seconds);
      const { provider, source } = labels;
      tokens.inc({ provider, source, direction: 'input' }, call.inputTokens);
      tokens.inc({ provider, source, direction: 'output' }, call.outputTokens);
    },
    callRefused: (call) => refused.inc({ ...labelsOf(call), code: closed(failureCodes, call.code) }),
    breakerChanged: ({ provider, to }) => transitions.inc({ provider, to }),
    hashChecked({ outcome, chunksSkipped }) {
      checks.inc({ outcome });
      chunks.inc({ fate: 'skipped' }, chunksSkipped);
    },
    chunksBought: (count) => chunks.inc({ fate: 'bought' }, count),
    blockedWithoutKey: (operation) => blocked.inc({ operation }),
    keyOpened: ({ by, code }) => openings.inc({ by, code }),
    budgetReached: (percent) => budgets.inc({ percent: String(percent) }),
    gateDecided: (verdict) => verdicts.inc({ verdict }),
  };
}
