import type { Registry } from 'prom-client';
import { createEmbeddingMetrics } from '../embedding/metrics.ts';
import { embeddingStatusGauges } from '../embedding/status-gauges.ts';
import { ingestionGauges } from '../ingestion/jobs/job-gauges.ts';
import { createIngestionMetrics } from '../ingestion/metrics.ts';
import { createLlmConfigMetrics } from '../llm-config/metrics.ts';
import { outboxGauges } from '../outbox/outbox-gauges.ts';
import type { Database } from '../platform/postgres/database.ts';
import { inMetricsScope } from '../platform/telemetry/metrics-scope-store.ts';
import { createStateGauges } from '../platform/telemetry/state-gauges.ts';
import { createProposalMetrics } from '../proposals/metrics.ts';
import { breakerGauges } from '../providers/breaker/breaker-gauges.ts';
import { limitGauges } from '../providers/limits/limit-gauges.ts';
import { createProviderMetrics } from '../providers/metrics.ts';
import { reviewGauges } from '../reviews/review-gauges.ts';
import { callGauges } from '../usage/call-gauges.ts';
import { createUsageMetrics } from '../usage/metrics.ts';

/** Registers the counters of every feature. */
export function createFeatureMetrics(registry: Registry) {
  return {
    ...createUsageMetrics(registry),
    ...createLlmConfigMetrics(registry),
    ...createProviderMetrics(registry),
    ...createEmbeddingMetrics(registry),
    ...createProposalMetrics(registry),
    ...createIngestionMetrics(registry),
  };
}

/** Registers the gauges of every feature that has state in the database. */
export function registerFeatureGauges(registry: Registry, database: Database): void {
  const gauges = createStateGauges(registry, { inTransaction: (reads) => inMetricsScope(database, reads) });
  gauges.register(breakerGauges);
  gauges.register(limitGauges);
  gauges.register(embeddingStatusGauges);
  gauges.register(outboxGauges);
  gauges.register(callGauges);
  gauges.register(ingestionGauges);
  gauges.register(reviewGauges);
}
