import { channels } from '../../domain/operations.ts';
import type { FeatureState, StateGauge } from '../../platform/telemetry/state-gauges.ts';
import { type BreakerCount, countBreakers } from './breaker-counts-store.ts';
import { breakerStates } from './breaker-states.ts';

const breakers: StateGauge<readonly BreakerCount[], 'provider' | 'state'> = {
  name: 'lorekeep_breakers',
  help: 'Breakers of tenants’ current keys, by state',
  labels: { provider: channels, state: breakerStates },
  fromZero: true,
  values: (counts) =>
    counts.map(({ provider, state, count }) => ({ labels: { provider, state }, value: count })),
};

/** The states of the tenants' breakers. */
export const breakerGauges: FeatureState<readonly BreakerCount[]> = {
  read: countBreakers,
  gauges: [breakers],
};
