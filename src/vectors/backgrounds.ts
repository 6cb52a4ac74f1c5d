import { LRUCache } from 'lru-cache';
import type { Transaction } from '../platform/postgres/database.ts';
import {
  type Background,
  type OwnSimilarity,
  readBackground,
  readOwnSimilarity,
} from './background-store.ts';

/** What similarities to a vector mean in a tenant's space. */
export interface SpaceBackground extends Background, OwnSimilarity {}

/** The backgrounds of the spaces that one process searches. */
export interface Backgrounds {
  /** How similar a vector is to any text of the space, and how similar texts about the same thing are. */
  read(
    tx: Transaction,
    tenantId: string,
    query: {
      readonly spaceId: string;
      readonly vector: Float32Array | readonly number[];
      /** The number of articles in the space. */
      readonly articles: number;
    },
  ): Promise<SpaceBackground>;
}

/** It changes little while a tenant has about as many articles as before, but the first ones of a tenant make it. */
const keptMs = 60_000;
const isAbout = (articles: number, before: number) => Math.abs(articles - before) <= before / 10;
const keptSpaces = 5_000;

/** Creates them. What belongs to the vector is read each time, what belongs to the space once a minute, and when it has grown. */
export function createBackgrounds(): Backgrounds {
  const kept = new LRUCache<string, { readonly own: OwnSimilarity; readonly articles: number }>({
    max: keptSpaces,
    ttl: keptMs,
    ttlResolution: 0,
  });
  return {
    async read(tx, tenantId, query) {
      const key = `${tenantId} ${query.spaceId}`;
      const { articles } = query;
      const last = kept.get(key);
      const known = last !== undefined && isAbout(articles, last.articles) ? last.own : undefined;
      const [background, own] = await Promise.all([
        readBackground(tx, tenantId, query),
        known ?? readOwnSimilarity(tx, tenantId, query.spaceId),
      ]);
      const isWhole = own.related !== null && own.unrelated !== null;
      if (known === undefined && isWhole) kept.set(key, { own, articles });
      return { ...background, ...own };
    },
  };
}
