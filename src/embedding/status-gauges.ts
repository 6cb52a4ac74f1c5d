import { embeddingStatuses } from '../domain/embedding-status.ts';
import { failureCodes } from '../domain/failures.ts';
import type { FeatureState, StateGauge } from '../platform/telemetry/state-gauges.ts';
import { countByStatus, type StatusCount } from './status-counts-store.ts';

const articles: StateGauge<readonly StatusCount[], 'embedding_status'> = {
  name: 'lorekeep_articles',
  help: 'Articles by the status of their embedding',
  labels: { embedding_status: embeddingStatuses },
  fromZero: true,
  values: (counts) =>
    counts.map(({ status, count }) => ({ labels: { embedding_status: status }, value: count })),
};

const stopped: StateGauge<readonly StatusCount[], 'embedding_status' | 'reason'> = {
  name: 'lorekeep_articles_stopped',
  help: 'Blocked and failed articles by reason',
  labels: { embedding_status: ['blocked', 'failed'], reason: failureCodes },
  values: (counts) =>
    counts
      .filter(({ status }) => status === 'blocked' || status === 'failed')
      .map(({ status, reason, count }) => ({
        labels: { embedding_status: status, reason: reason ?? '' },
        value: count,
      })),
};

/** The embedding statuses of all articles. */
export const embeddingStatusGauges: FeatureState<readonly StatusCount[]> = {
  read: countByStatus,
  gauges: [articles, stopped],
};
