import type { Registry } from 'prom-client';
import { createCounter } from '../platform/telemetry/counters.ts';

const outcomes = ['unchanged', 'missing'] as const;

/** The counters of hash checks and of chunks. */
export interface EmbeddingMetrics {
  /** A hash check has ended; `unchanged` bought nothing. */
  hashChecked(check: { readonly outcome: (typeof outcomes)[number]; readonly chunksSkipped: number }): void;
  /** Vectors of that many chunks were bought and stored. */
  chunksBought(chunks: number): void;
}

/** Registers the counters of the embedding feature. */
export function createEmbeddingMetrics(registry: Registry): EmbeddingMetrics {
  const checks = createCounter(registry, {
    name: 'lorekeep_hash_checks_total',
    help: 'Hash checks of articles to be embedded, by outcome',
    labels: { outcome: outcomes },
    fromZero: true,
  });
  const chunks = createCounter(registry, {
    name: 'lorekeep_chunks_total',
    help: 'Chunks whose vectors were there already, and chunks that were bought',
    labels: { fate: ['skipped', 'bought'] },
    fromZero: true,
  });

  return {
    hashChecked({ outcome, chunksSkipped }) {
      checks.inc({ outcome });
      chunks.inc({ fate: 'skipped' }, chunksSkipped);
    },
    chunksBought: (count) => chunks.inc({ fate: 'bought' }, count),
  };
}
