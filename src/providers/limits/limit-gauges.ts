import { channels } from '../../domain/operations.ts';
import type { FeatureState, StateGauge } from '../../platform/telemetry/state-gauges.ts';
import { countPaused, type PausedCount } from './limit-counts-store.ts';
import { pausedBys } from './limit-state.ts';

const paused: StateGauge<readonly PausedCount[], 'provider' | 'paused_by'> = {
  name: 'lorekeep_paused_keys',
  help: 'Keys of tenants that are not used for a while, because the provider has refused a call by its rate or by a quota',
  labels: { provider: channels, paused_by: pausedBys },
  fromZero: true,
  values: (counts) =>
    counts.map(({ provider, by, count }) => ({ labels: { provider, paused_by: by }, value: count })),
};

/** The pauses of the tenants' keys. */
export const limitGauges: FeatureState<readonly PausedCount[]> = { read: countPaused, gauges: [paused] };
