import { Gauge, type Registry } from 'prom-client';
import { createCounter } from '../platform/telemetry/counters.ts';

/** What retention has deleted, and how far it is behind. */
export interface RetentionMetrics {
  deleted(table: string, rows: number): void;
  overdue(table: string, seconds: number): void;
}

/** The tables' sweeps follow each other every 15 s. An older number is another worker's to show. */
const shownForMs = 5 * 60_000;

/** Registers the metrics of retention for these tables. */
export function createRetentionMetrics(registry: Registry, tables: readonly string[]): RetentionMetrics {
  const deleted = createCounter(registry, {
    name: 'lorekeep_retention_deleted_total',
    help: 'Rows deleted past their end',
    labels: { table: tables },
    fromZero: true,
  });
  const found = new Map<string, { readonly seconds: number; readonly atMs: number }>();
  const overdue: Gauge = new Gauge({
    name: 'lorekeep_retention_overdue_seconds',
    help: 'How long the oldest row is past its end, as this worker found it in the last 5 minutes',
    labelNames: ['table'],
    registers: [registry],
    collect() {
      overdue.reset();
      for (const [table, { seconds, atMs }] of found)
        if (Date.now() - atMs < shownForMs) overdue.set({ table }, seconds);
    },
  });
  return {
    deleted: (table, rows) => deleted.inc({ table }, rows),
    overdue: (table, seconds) => void found.set(table, { seconds, atMs: Date.now() }),
  };
}
