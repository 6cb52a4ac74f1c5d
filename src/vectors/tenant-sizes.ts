import { LRUCache } from 'lru-cache';
import type { TenantSize } from './nearest-store.ts';

/** The sizes of tenants, as one process has measured them. */
export interface TenantSizes {
  /** The size that was measured a moment ago; else it is measured. */
  of(
    tenantId: string,
    way: { readonly spaceId: string; readonly poolSize: number },
    measure: Measure,
  ): Promise<TenantSize>;
}

type Measure = () => Promise<TenantSize>;

/**
 * A tenant that has grown since is ranked in the slower way until then, and in either way completely: where the index finds too few,
 * all are compared.
 */
const keptMs = 10_000;

/** Creates the sizes. A round trip and a count are saved for each search that follows another. */
export function createTenantSizes(): TenantSizes {
  const kept = new LRUCache<string, TenantSize>({ max: 5_000, ttl: keptMs, ttlResolution: 0 });
  return {
    async of(tenantId, { spaceId, poolSize }, measure) {
      const key = `${tenantId} ${spaceId} ${poolSize}`;
      const known = kept.get(key);
      if (known !== undefined) return known;
      const size = await measure();
      kept.set(key, size);
      return size;
    },
  };
}
