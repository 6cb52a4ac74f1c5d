import { LRUCache } from 'lru-cache';
import type { Transaction } from '../platform/postgres/database.ts';
import { type Background, findRelatedSimilarity, readBackground } from './background-store.ts';

/** What similarities to a vector mean in a tenant's space. */
export interface SpaceBackground extends Background {
  /** The usual similarity of two chunks of one article; null where no article has two. */
  readonly related: number | null;
}

/** The backgrounds of the spaces that one process searches. */
export interface Backgrounds {
  /** How similar a vector is to any text of the space, and how similar texts about the same thing are. */
  read(
    tx: Transaction,
    tenantId: string,
    query: { readonly spaceId: string; readonly vector: Float32Array | readonly number[] },
  ): Promise<SpaceBackground>;
}

/** The usual similarity changes little while articles are written, but a new tenant's first ones make it. */
const keptMs = 60_000;
const keptSpaces = 5_000;

/** Creates them. What belongs to the vector is read each time, what belongs to the space once a minute. */
export function createBackgrounds(): Backgrounds {
  const relatedOf = new LRUCache<string, number>({ max: keptSpaces, ttl: keptMs, ttlResolution: 0 });
  return {
    async read(tx, tenantId, query) {
      const key = `${tenantId} ${query.spaceId}`;
      const known = relatedOf.get(key);
      const [background, related] = await Promise.all([
        readBackground(tx, tenantId, query),
        known ?? findRelatedSimilarity(tx, tenantId, query.spaceId),
      ]);
      if (known === undefined && related !== undefined) relatedOf.set(key, related);
      return { ...background, related: related ?? null };
    },
  };
}
