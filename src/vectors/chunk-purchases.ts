import type { Transaction } from '../platform/postgres/database.ts';
import {
  deleteBought,
  deleteClaims,
  deleteEnded,
  findBoughtDimensions,
  insertClaims,
  isAnyStored,
  type KindOfChunks,
  listBoughtVectors,
  listPurchases,
  lockClaims,
  moveBought,
  type PassageOfChunk,
  upsertBought,
} from './chunk-purchase-store.ts';
import { ensureSpace, type Space, targets } from './spaces.ts';
import type { SpaceKind } from './spaces-store.ts';

/** Who buys, and how long the call may take at most. */
export interface Buyer {
  readonly callId: string;
  readonly leaseMs: number;
}

/** The claim of a call on the chunks that it buys: nobody else of the tenant buys them meanwhile. */
export interface ChunkClaim {
  /** Claims all of the chunks; false, and nothing claimed, when a part of them is claimed, or bought meanwhile. */
  take(tx: Transaction, buyer: Buyer): Promise<boolean>;
  /** Gives up what the call has claimed and not bought. */
  release(tx: Transaction, callId: string): Promise<void>;
}

/**
 * The claim on these chunks of a tenant, for an article as its subject if there is one. Take it in the transaction that begins
 * the call, and release it in the one that ends it.
 */
export function claimOn(tenantId: string, chunks: KindOfChunks, subjectId?: string): ChunkClaim {
  return {
    async take(tx, buyer) {
      // Listed before anything is inserted, because an insert would wait for a call that is just ending. In this order: the call
      // that stores vectors gives up its claim in the same transaction, so that one of the two statements finds them.
      const [, { claimed, bought }, stored] = await Promise.all([
        lockClaims(tx, tenantId),
        listPurchases(tx, tenantId, chunks, subjectId),
        isAnyStored(tx, tenantId, chunks),
      ]);
      if (claimed.size + bought.size > 0 || stored) return false;
      const [, taken] = await Promise.all([
        deleteEnded(tx, tenantId, chunks, subjectId),
        insertClaims(tx, tenantId, chunks, { ...buyer, subjectId }),
      ]);
      return taken === chunks.hashes.length;
    },
    release: (tx, callId) => deleteClaims(tx, tenantId, callId),
  };
}

/** What is on its way of some chunks: those that a call for another subject is buying, and those whose vectors wait for an article. */
export const purchasesOf = listPurchases;

/** The vectors that wait for an article, of these chunks, by chunk hash. */
export const boughtVectors = listBoughtVectors;

/**
 * How long a vector waits for its article. The article's workflow comes within minutes, and so does a client that repeats a
 * proposal which failed.
 */
const keepBoughtMs = 60 * 60_000;

/** Keeps vectors that were bought for a text before it is an article, in the transaction that ends the call. */
export const keepBought = (
  tx: Transaction,
  tenantId: string,
  kind: SpaceKind,
  vectors: ReadonlyMap<string, readonly number[]>,
): Promise<void> => upsertBought(tx, tenantId, kind, vectors, keepBoughtMs);

/** Forgets vectors that were kept: the article has them. */
export const forgetBought = deleteBought;

/** Gives the article the vectors that were bought of its chunks; returns their space, which is created if they are the first. */
export async function adoptBought(
  tx: Transaction,
  tenantId: string,
  kind: SpaceKind,
  article: {
    readonly id: string;
    readonly chunks: readonly PassageOfChunk[];
  },
): Promise<Space | undefined> {
  const [existing] = await targets(tx, tenantId, kind);
  const dimensions =
    existing?.dimensions ??
    (await findBoughtDimensions(tx, tenantId, { kind, hashes: article.chunks.map(({ hash }) => hash) }));
  if (dimensions === undefined) return undefined;
  const space = existing ?? (await ensureSpace(tx, tenantId, kind, dimensions));
  await moveBought(tx, tenantId, kind, space, article);
  return space;
}
