import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

const passageSchema = z.object({ id: z.string(), heading: z.string(), text: z.string() });

/** Lists the chunks that a vector has found, with the headings above them, by article id. */
export async function listFoundChunks(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
  chunks: readonly { readonly articleId: string; readonly chunkHash: string }[],
): Promise<Map<string, { readonly heading: string; readonly text: string }>> {
  if (chunks.length === 0) return new Map();
  const rows: unknown = await tx('chunk_vectors')
    .where({ tenant_id: tenantId, space_id: spaceId })
    .whereIn(
      ['article_id', 'chunk_hash'],
      chunks.map(({ articleId, chunkHash }) => [articleId, chunkHash]),
    )
    .select('article_id as id', 'heading', 'text');
  return new Map(
    z
      .array(passageSchema)
      .parse(rows)
      .map(({ id, heading, text }) => [id, { heading, text }]),
  );
}
