import pgvector from 'pgvector/knex';
import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';
import { noteUse } from './unused-chunk-store.ts';

/** A bought vector of a chunk, for the article that contains the chunk. */
export interface ChunkVector {
  readonly articleId: string;
  readonly hash: string;
  /** The passage that a reader is shown, and the headings above it. */
  readonly text: string;
  readonly heading: string;
  readonly vector: readonly number[];
}

/**
 * Copies to the article the vectors that other articles of the tenant have for the same chunks in the same space.
 * Alternative that lost: one table of chunks that articles share, because deletion would need reference counts.
 */
export async function reuseVectors(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
  articleId: string,
  hashes: readonly string[],
): Promise<void> {
  await tx.raw(
    `insert into chunk_vectors (tenant_id, space_id, article_id, chunk_hash, text, heading, embedding)
     select distinct on (v.chunk_hash)
            v.tenant_id, v.space_id, :articleId::uuid, v.chunk_hash, v.text, v.heading, v.embedding
       from chunk_vectors v
      where v.tenant_id = :tenantId and v.space_id = :spaceId and v.chunk_hash = any(:hashes)
        and not exists (select 1 from chunk_vectors own
                         where own.tenant_id = v.tenant_id and own.space_id = v.space_id
                           and own.article_id = :articleId and own.chunk_hash = v.chunk_hash)
     on conflict do nothing`,
    { tenantId, spaceId, articleId, hashes },
  );
}

/**
 * Reuses vectors as `reuseVectors` does. Returns the hashes of the chunks that still have no vector for the article.
 */
export async function reuseAndListMissing(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
  articleId: string,
  hashes: readonly string[],
): Promise<Set<string>> {
  await reuseVectors(tx, tenantId, spaceId, articleId, hashes);
  const stored = await tx('chunk_vectors')
    .where({ tenant_id: tenantId, space_id: spaceId, article_id: articleId })
    .whereIn('chunk_hash', [...hashes])
    .pluck('chunk_hash');
  const missing = new Set(hashes);
  for (const hash of z.array(z.string()).parse(stored)) missing.delete(hash);
  return missing;
}

/** Stores bought vectors. A vector that the article already has for a chunk stays. */
export async function insertVectors(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
  vectors: readonly ChunkVector[],
): Promise<void> {
  await tx('chunk_vectors')
    .insert(
      vectors.map(({ articleId, hash, text, heading, vector }) => ({
        tenant_id: tenantId,
        space_id: spaceId,
        article_id: articleId,
        chunk_hash: hash,
        text,
        heading,
        embedding: pgvector.toSql([...vector]),
      })),
    )
    .onConflict(['tenant_id', 'space_id', 'article_id', 'chunk_hash'])
    .ignore();
}

/**
 * Records which chunks make up the article's text of `contentHash` in the space. From the commit on, search by vectors
 * finds that text. Returns false, and records nothing, when one of the chunks has no vector.
 */
export async function upsertManifest(
  tx: Transaction,
  tenantId: string,
  manifest: {
    readonly spaceId: string;
    readonly articleId: string;
    readonly contentHash: string;
    readonly chunkHashes: readonly string[];
  },
): Promise<boolean> {
  if (!(await noteUse(tx, tenantId, manifest))) return false;
  await tx('article_manifests')
    .insert({
      tenant_id: tenantId,
      space_id: manifest.spaceId,
      article_id: manifest.articleId,
      content_hash: manifest.contentHash,
      chunk_hashes: [...manifest.chunkHashes],
    })
    .onConflict(['tenant_id', 'space_id', 'article_id'])
    .merge(['content_hash', 'chunk_hashes']);
  return true;
}

/** Returns the hashes of those chunks that have a vector in the space, for any article of the tenant. */
export async function listKnownChunks(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
  hashes: readonly string[],
): Promise<Set<string>> {
  const found: unknown = await tx('chunk_vectors')
    .where({ tenant_id: tenantId, space_id: spaceId })
    .whereRaw('chunk_hash = any(?::text[])', [[...hashes]])
    .distinct('chunk_hash')
    .pluck('chunk_hash');
  return new Set(z.array(z.string()).parse(found));
}

/** Returns the vectors of these chunks in the space, from any article of the tenant, by chunk hash. */
export async function listChunkVectors(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
  hashes: readonly string[],
): Promise<Map<string, readonly number[]>> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select distinct on (chunk_hash) chunk_hash, embedding::text as embedding
       from chunk_vectors
      where tenant_id = :tenantId and space_id = :spaceId and chunk_hash = any(:hashes::text[])`,
    { tenantId, spaceId, hashes: [...hashes] },
  );
  const vector = z.string().transform((text) => z.array(z.number()).parse(JSON.parse(text)));
  const found = z.array(z.object({ chunk_hash: z.string(), embedding: vector })).parse(rows);
  return new Map(found.map((row) => [row.chunk_hash, row.embedding]));
}
