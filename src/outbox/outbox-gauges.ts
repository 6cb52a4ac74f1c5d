import type { FeatureState, StateGauge } from '../platform/telemetry/state-gauges.ts';
import { countWaiting, type WaitingSignals } from './store.ts';

const rows: StateGauge<WaitingSignals> = {
  name: 'lorekeep_outbox_rows',
  help: 'Signals to workflows that wait to be sent',
  labels: {},
  values: ({ signals }) => [{ labels: {}, value: signals }],
};

const oldest: StateGauge<WaitingSignals> = {
  name: 'lorekeep_outbox_oldest_seconds',
  help: 'Age of the oldest signal that waits to be sent',
  labels: {},
  values: ({ oldestSeconds }) => [{ labels: {}, value: oldestSeconds }],
};

/** The gauges of the outbox. */
export const outboxGauges: FeatureState<WaitingSignals> = { read: countWaiting, gauges: [rows, oldest] };
