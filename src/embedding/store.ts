import pgvector from 'pgvector/knex';
import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

/** The text of an article and what decides whether it is to be embedded. */
const articleSchema = z.object({
  title: z.string(),
  body: z.string(),
  status: z.enum(['draft', 'published', 'archived']),
  content_hash: z.string(),
});
export type StoredArticle = z.output<typeof articleSchema>;

const spaceSchema = z.object({ id: z.string(), dimensions: z.number() });
export type Space = z.output<typeof spaceSchema>;

/** What identifies a space, but for the dimension, which only an answer tells. */
export interface SpaceKind {
  readonly model: string;
  readonly chunkerVersion: number;
}

export interface ChunkVector {
  readonly hash: string;
  readonly text: string;
  readonly vector: readonly number[];
}

/** Reads the article; `share` keeps its text as it is until the transaction ends. */
export async function readArticle(
  tx: Transaction,
  tenantId: string,
  articleId: string,
  lock: 'none' | 'share',
): Promise<StoredArticle | undefined> {
  const query = tx('articles').where({ tenant_id: tenantId, id: articleId });
  if (lock === 'share') query.forShare();
  const row: unknown = await query.first('title', 'body', 'status', 'content_hash');
  return row === undefined ? undefined : articleSchema.parse(row);
}

/** The tenant's space of a model and chunker: the newest, should a provider ever have changed its dimension. */
export async function findSpace(
  tx: Transaction,
  tenantId: string,
  kind: SpaceKind,
): Promise<Space | undefined> {
  const row: unknown = await tx('embedding_spaces')
    .where({ tenant_id: tenantId, model: kind.model, chunker_version: kind.chunkerVersion })
    .orderBy('created_at', 'desc')
    .first('id', 'dimensions');
  return row === undefined ? undefined : spaceSchema.parse(row);
}

/** Finds or makes the space with this dimension. The first of a tenant serves its searches at once. */
export async function ensureSpace(
  tx: Transaction,
  tenantId: string,
  kind: SpaceKind & { readonly id: string; readonly dimensions: number },
): Promise<string> {
  const { rows } = await tx.raw<{ rows: { id: string }[] }>(
    `insert into embedding_spaces (tenant_id, id, model, dimensions, chunker_version, serving)
     values (:tenantId, :id, :model, :dimensions, :chunkerVersion,
             not exists (select 1 from embedding_spaces where tenant_id = :tenantId and serving))
     on conflict (tenant_id, model, dimensions, chunker_version) do update set model = excluded.model
     returning id`,
    { tenantId, ...kind },
  );
  return (
    z
      .array(z.object({ id: z.string() }))
      .length(1)
      .parse(rows)[0]?.id ?? kind.id
  );
}

/** Serialises whoever makes a space for the tenant: two first articles must not both make the serving one. */
export async function lockSpaces(tx: Transaction, tenantId: string): Promise<void> {
  await tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`embedding_spaces ${tenantId}`]);
}

/**
 * Gives the article the vectors that another article of the tenant has bought for the same chunks in the same space. A table
 * of chunks shared by articles lost: it needs reference counts to forget.
 */
export async function takeOver(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
  articleId: string,
  hashes: readonly string[],
): Promise<void> {
  await tx.raw(
    `insert into chunk_vectors (tenant_id, space_id, article_id, chunk_hash, text, embedding)
     select distinct on (v.chunk_hash) v.tenant_id, v.space_id, :articleId::uuid, v.chunk_hash, v.text, v.embedding
       from chunk_vectors v
      where v.tenant_id = :tenantId and v.space_id = :spaceId and v.chunk_hash = any(:hashes)
        and not exists (select 1 from chunk_vectors own
                         where own.tenant_id = v.tenant_id and own.space_id = v.space_id
                           and own.article_id = :articleId and own.chunk_hash = v.chunk_hash)
     on conflict do nothing`,
    { tenantId, spaceId, articleId, hashes },
  );
}

/** Which of these chunks have no vector for the article, after taking over what other articles have. */
export async function takeOverAndListMissing(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
  articleId: string,
  hashes: readonly string[],
): Promise<Set<string>> {
  await takeOver(tx, tenantId, spaceId, articleId, hashes);
  const stored = await tx('chunk_vectors')
    .where({ tenant_id: tenantId, space_id: spaceId, article_id: articleId })
    .whereIn('chunk_hash', [...hashes])
    .pluck('chunk_hash');
  const missing = new Set(hashes);
  for (const hash of z.array(z.string()).parse(stored)) missing.delete(hash);
  return missing;
}

/** Stores bought vectors; one that is there already stays. */
export async function insertVectors(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
  articleId: string,
  vectors: readonly ChunkVector[],
): Promise<void> {
  await tx('chunk_vectors')
    .insert(
      vectors.map(({ hash, text, vector }) => ({
        tenant_id: tenantId,
        space_id: spaceId,
        article_id: articleId,
        chunk_hash: hash,
        text,
        embedding: pgvector.toSql([...vector]),
      })),
    )
    .onConflict(['tenant_id', 'space_id', 'article_id', 'chunk_hash'])
    .ignore();
}

/** Says which vectors are the article's text of `contentHash`: from here on it is found. */
export async function upsertManifest(
  tx: Transaction,
  tenantId: string,
  manifest: {
    readonly spaceId: string;
    readonly articleId: string;
    readonly contentHash: string;
    readonly chunkHashes: readonly string[];
  },
): Promise<void> {
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
}

/** The space that answers the tenant's searches. */
export async function readServingSpace(
  tx: Transaction,
  tenantId: string,
): Promise<{ readonly id: string; readonly model: string; readonly dimensions: number } | undefined> {
  const row: unknown = await tx('embedding_spaces')
    .where({ tenant_id: tenantId, serving: true })
    .first('id', 'model', 'dimensions');
  return row === undefined ? undefined : spaceSchema.extend({ model: z.string() }).parse(row);
}

/** Lets the space answer the tenant's searches from now on, in place of the one that does. */
export async function serveSpace(tx: Transaction, tenantId: string, spaceId: string): Promise<void> {
  await tx('embedding_spaces')
    .where({ tenant_id: tenantId, serving: true })
    .whereNot({ id: spaceId })
    .update({ serving: false });
  await tx('embedding_spaces').where({ tenant_id: tenantId, id: spaceId }).update({ serving: true });
}
