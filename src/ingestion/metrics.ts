import type { Registry } from 'prom-client';
import { jobStatuses } from '../domain/extract-content.ts';
import { type FailureCode, failureCodes } from '../domain/failures.ts';
import { createCounter } from '../platform/telemetry/counters.ts';

/** The counters of ingestion. */
export interface IngestionMetrics {
  /** A job has ended with this outcome, for this reason. */
  ingestionEnded(outcome: string, code: FailureCode | null): void;
}

/** Registers the counters of ingestion. */
export function createIngestionMetrics(registry: Registry): IngestionMetrics {
  const ended = createCounter(registry, {
    name: 'lorekeep_ingestion_jobs_ended_total',
    help: 'Ingestion jobs that have ended',
    labels: {
      outcome: jobStatuses.filter((status) => status !== 'queued' && status !== 'running'),
      code: ['', ...failureCodes],
    },
  });
  return { ingestionEnded: (outcome, code) => ended.inc({ outcome, code: code ?? '' }) };
}
