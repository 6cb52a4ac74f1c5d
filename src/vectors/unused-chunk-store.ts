import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

/**
 * Notes which vectors of the article its new manifest does not name, and that the others are used again, in the transaction
 * that writes the manifest. Returns whether every chunk of the manifest has its vector: retention may just have deleted one.
 */
export async function noteUse(
  tx: Transaction,
  tenantId: string,
  manifest: { readonly spaceId: string; readonly articleId: string; readonly chunkHashes: readonly string[] },
): Promise<boolean> {
  const hashes = [...new Set(manifest.chunkHashes)];
  const article = { tenantId, spaceId: manifest.spaceId, articleId: manifest.articleId, hashes };
  const ofArticle = 'tenant_id = :tenantId and space_id = :spaceId and article_id = :articleId';
  const [, , , { rows }] = await Promise.all([
    // Waits for a deletion under way, which locks the space.
    tx.raw(
      `update embedding_spaces set retired_at = clock_timestamp()
        where tenant_id = :tenantId and id = :spaceId and state = 'retired'`,
      article,
    ),
    // Waits for a deletion under way, which locks these rows.
    tx.raw(`delete from unused_chunks where ${ofArticle} and chunk_hash = any(:hashes::text[])`, article),
    // Skips those that are just being deleted: a row for them could refer to nothing.
    tx.raw(
      `insert into unused_chunks (tenant_id, space_id, article_id, chunk_hash)
       select v.tenant_id, v.space_id, v.article_id, v.chunk_hash from chunk_vectors v
        where v.tenant_id = :tenantId and v.space_id = :spaceId and v.article_id = :articleId
          and v.chunk_hash <> all(:hashes::text[])
          and not exists (select 1 from unused_chunks u
                           where u.tenant_id = v.tenant_id and u.space_id = v.space_id
                             and u.article_id = v.article_id and u.chunk_hash = v.chunk_hash)
          for key share of v skip locked
       on conflict do nothing`,
      article,
    ),
    tx.raw<{ rows: unknown[] }>(
      `select count(*)::int as stored from chunk_vectors
        where ${ofArticle} and chunk_hash = any(:hashes::text[])`,
      article,
    ),
  ]);
  const [{ stored }] = z.tuple([z.object({ stored: z.number() })]).parse(rows);
  return stored === hashes.length;
}
