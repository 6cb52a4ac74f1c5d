import { z } from 'zod';
import type { ChunkCut } from '../../domain/chunks.ts';
import type { Transaction } from '../../platform/postgres/database.ts';

const rowSchema = z.object({
  starts: z.array(z.number()),
  ends: z.array(z.number()),
  hashes: z.array(z.string()),
  tokens: z.array(z.number()),
  paths: z.array(z.string()),
  head_starts: z.array(z.number()),
  head_ends: z.array(z.number()),
});

/** Which text of an article was cut, and by which rules. */
export interface CutKey {
  readonly articleId: string;
  readonly contentHash: string;
  readonly chunkerVersion: number;
}

/** Finds the cuts of an article's text; undefined where they are those of another text, or of other rules. */
export async function findCuts(
  tx: Transaction,
  tenantId: string,
  { articleId, contentHash, chunkerVersion }: CutKey,
): Promise<readonly ChunkCut[] | undefined> {
  const found: unknown = await tx('article_cuts')
    .where({ tenant_id: tenantId, article_id: articleId })
    .where({ content_hash: contentHash, chunker_version: chunkerVersion })
    .first('starts', 'ends', 'hashes', 'tokens', 'paths', 'head_starts', 'head_ends');
  const row = rowSchema.optional().parse(found);
  return row?.starts.flatMap((start, index) => {
    const end = row.ends[index];
    const hash = row.hashes[index];
    const approxTokens = row.tokens[index];
    const path = row.paths[index];
    if (end === undefined || hash === undefined || approxTokens === undefined || path === undefined)
      return [];
    const [headStart = 0, headEnd = 0] = [row.head_starts[index], row.head_ends[index]];
    const head = headEnd === 0 ? undefined : { start: headStart, end: headEnd };
    return [{ start, end, hash, approxTokens, path, head }];
  });
}

/** Stores the cuts of an article's text, in place of those of its text before. */
export async function upsertCuts(
  tx: Transaction,
  tenantId: string,
  { articleId, contentHash, chunkerVersion }: CutKey,
  cuts: readonly ChunkCut[],
): Promise<void> {
  await tx('article_cuts')
    .insert({
      tenant_id: tenantId,
      article_id: articleId,
      content_hash: contentHash,
      chunker_version: chunkerVersion,
      starts: cuts.map(({ start }) => start),
      ends: cuts.map(({ end }) => end),
      hashes: cuts.map(({ hash }) => hash),
      tokens: cuts.map(({ approxTokens }) => approxTokens),
      paths: cuts.map(({ path }) => path),
      head_starts: cuts.map(({ head }) => head?.start ?? 0),
      head_ends: cuts.map(({ head }) => head?.end ?? 0),
    })
    .onConflict(['tenant_id', 'article_id'])
    .merge();
}
