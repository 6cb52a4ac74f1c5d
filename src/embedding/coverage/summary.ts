import { LRUCache } from 'lru-cache';
import type { Transaction } from '../../platform/postgres/database.ts';
import { type Coverage, readCoverage } from './summary-read-model.ts';

/** How far search by meaning reaches. Other rooms read it in their own transactions. */
export { type Coverage, findCommonestReason } from './summary-read-model.ts';

/** The coverage, as searches read it. */
export interface CoverageSummary {
  /** How many of the tenant's published articles search by meaning finds. */
  read(tx: Transaction, tenantId: string): Promise<Coverage>;
}

/** Long enough that a large tenant's articles are not counted for each of its searches; they change by few in this time. */
const keptMs = 3_000;
/** Counting fewer takes no longer than the round trip, so the first articles of a tenant are seen at once. */
const largeTenant = 1_000;

/** Creates the summary of one process. A tenant without vectors is counted each time: its searches depend on its first ones. */
export function createCoverageSummary(): CoverageSummary {
  const kept = new LRUCache<string, Coverage>({ max: 5_000, ttl: keptMs, ttlResolution: 0 });
  return {
    async read(tx, tenantId) {
      const known = kept.get(tenantId);
      if (known !== undefined) return known;
      const coverage = await readCoverage(tx, tenantId);
      if (coverage.published >= largeTenant && coverage.embedded > 0) kept.set(tenantId, coverage);
      return coverage;
    },
  };
}
