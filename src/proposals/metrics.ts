import type { Registry } from 'prom-client';
import { createCounter } from '../platform/telemetry/counters.ts';
import { type GateVerdict, gateVerdicts } from './decision.ts';

/** The counter of the proposal gate. */
export interface ProposalMetrics {
  /** The gate has decided on a proposal. */
  gateDecided(verdict: GateVerdict): void;
}

/** Registers the counter of the gate's verdicts. */
export function createProposalMetrics(registry: Registry): ProposalMetrics {
  const verdicts = createCounter(registry, {
    name: 'lorekeep_gate_verdicts_total',
    help: 'New articles, by the verdict of the proposal gate',
    labels: { verdict: gateVerdicts },
    fromZero: true,
  });
  return { gateDecided: (verdict) => verdicts.inc({ verdict }) };
}
