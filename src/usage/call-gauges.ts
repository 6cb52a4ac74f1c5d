import type { FeatureState, StateGauge } from '../platform/telemetry/state-gauges.ts';
import { type CallCounts, countCalls } from './call-counts-store.ts';

const missing: StateGauge<CallCounts> = {
  name: 'lorekeep_ledger_missing_calls',
  help: 'Paid calls that are not in the ledger after 5 minutes',
  labels: {},
  values: ({ missingFromLedger }) => [{ labels: {}, value: missingFromLedger }],
};

const open: StateGauge<CallCounts> = {
  name: 'lorekeep_call_records_open',
  help: 'Call records still open after 5 minutes',
  labels: {},
  values: (counts) => [{ labels: {}, value: counts.open }],
};

const unknown: StateGauge<CallCounts> = {
  name: 'lorekeep_call_records_unknown',
  help: 'Calls of the last day with an unknown outcome',
  labels: {},
  values: (counts) => [{ labels: {}, value: counts.unknown }],
};

/** The state of the call records and the ledger. */
export const callGauges: FeatureState<CallCounts> = { read: countCalls, gauges: [missing, open, unknown] };
