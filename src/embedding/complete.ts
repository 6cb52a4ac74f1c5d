import type { Chunk } from '../domain/chunks.ts';
import type { ArticleRef } from '../domain/embed-article.ts';
import { headingOrTitle } from '../domain/heading-path.ts';
import { type ProviderTarget, targetIdOf } from '../domain/provider-target.ts';
import type { ProviderKeys } from '../llm-config/provider-keys.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { upsertManifest } from '../vectors/chunk-store.ts';
import { isServing } from '../vectors/spaces.ts';
import { findArticleText } from './article-read-model.ts';
import type { CutOverWhenComplete } from './cut-over.ts';
import { lockStatus, markEmbedded, type RejectedChunk } from './status-store.ts';

/** A text whose chunks each have a vector in a space or are rejected, at least one with a vector. */
export interface CompleteText {
  readonly spaceId: string;
  readonly target: ProviderTarget;
  readonly contentHash: string;
  readonly chunks: readonly Chunk[];
  /** Those that the provider refuses alone. */
  readonly rejected: readonly Chunk[];
}

/**
 * Compare-and-set: the article becomes embedded only if it is still published with this text and the tenant still uses
 * the target. Returns whether it did. Vectors of a previous target serve until the space of the new one is complete.
 */
export type Complete = (tx: Transaction, article: ArticleRef, done: CompleteText) => Promise<boolean>;

/** Creates the completion of articles. */
export function createComplete(deps: {
  readonly keys: Pick<ProviderKeys, 'embeddingTarget'>;
  readonly cutOverWhenComplete: CutOverWhenComplete;
}): Complete {
  return async (tx, { tenantId, articleId }, done) => {
    const current = await findArticleText(tx, tenantId, articleId, 'share');
    if (current?.status !== 'published' || current.content_hash !== done.contentHash) return false;
    const rejectedHashes = new Set(done.rejected.map(({ hash }) => hash));
    const chunkHashes = done.chunks.map(({ hash }) => hash).filter((hash) => !rejectedHashes.has(hash));
    const recorded = await upsertManifest(tx, tenantId, {
      spaceId: done.spaceId,
      articleId,
      contentHash: done.contentHash,
      chunkHashes,
    });
    if (!recorded) return false;
    const alreadyServes = await isServing(tx, tenantId, done.spaceId);
    await lockStatus(tx, tenantId, articleId);
    const target = await deps.keys.embeddingTarget(tx, tenantId);
    if (targetIdOf(target) !== targetIdOf(done.target)) return false;
    await markEmbedded(tx, tenantId, articleId, {
      spaceId: done.spaceId,
      chunks: chunkHashes.length,
      contentHash: done.contentHash,
      rejected: rejectedChunks(current, done.rejected),
    });
    if (!alreadyServes)
      await deps.cutOverWhenComplete(tx, tenantId, { id: done.spaceId, target: done.target });
    return true;
  };
}

/** Rejected chunks of an article, with the headings that they stand under; its title where there are none. */
export function rejectedChunks(
  { title }: { readonly title: string },
  rejected: readonly Chunk[],
): RejectedChunk[] {
  return rejected.map(({ hash, heading }) => ({ hash, heading: headingOrTitle(heading, title) }));
}
