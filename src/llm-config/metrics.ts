import type { Registry } from 'prom-client';
import { createCounter } from '../platform/telemetry/counters.ts';

const codes = ['ok', 'vault_unavailable', 'key_unusable'] as const;

/** The counter of openings of tenants' keys. */
export interface LlmConfigMetrics {
  /** A tenant's key was opened or failed to open, by Vault or, without a call to it, from the cache. */
  keyOpened(opening: { readonly by: 'cache' | 'vault'; readonly code: (typeof codes)[number] }): void;
}

/** Registers the counter of opened keys. */
export function createLlmConfigMetrics(registry: Registry): LlmConfigMetrics {
  const openings = createCounter(registry, {
    name: 'lorekeep_key_openings_total',
    help: 'Openings of tenants’ keys',
    labels: { by: ['cache', 'vault'], code: codes },
  });
  // Combinations that can occur start at 0. The cache never fails.
  openings.inc({ by: 'cache', code: 'ok' }, 0);
  for (const code of codes) openings.inc({ by: 'vault', code }, 0);

  return { keyOpened: (opening) => openings.inc(opening) };
}
