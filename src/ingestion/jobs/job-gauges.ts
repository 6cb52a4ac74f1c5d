import { jobStatuses } from '../../domain/extract-content.ts';
import type { FeatureState, StateGauge } from '../../platform/telemetry/state-gauges.ts';
import { countJobs, type JobCount } from './job-counts-store.ts';

const jobs: StateGauge<readonly JobCount[], 'status'> = {
  name: 'lorekeep_ingestion_jobs',
  help: 'Ingestion jobs by status',
  labels: { status: jobStatuses },
  fromZero: true,
  values: (counts) => counts.map(({ status, count }) => ({ labels: { status }, value: count })),
};

/** The statuses of all ingestion jobs. */
export const ingestionGauges: FeatureState<readonly JobCount[]> = { read: countJobs, gauges: [jobs] };
