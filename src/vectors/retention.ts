import { retentionOf } from '../platform/retention/expired-rows-store.ts';
import { dayMs } from '../platform/retention/retention-rule.ts';
import { deleteRetiredVectors, deleteUnusedVectors, retiredSql } from './retention-store.ts';

/** The time in which people find out that an edit or a change of model was a mistake. Until then the return buys nothing. */
const unusedKeptMs = 30 * dayMs;

/** The end of the vectors of chunks that are no longer in the text of their article. */
export const unusedChunkRetention = retentionOf(
  { table: 'unused_chunks', keptMs: unusedKeptMs, since: 'since' },
  deleteUnusedVectors,
);

/** The end of vectors that no article has taken over, and of claims of calls that died: their row says when. */
export const chunkPurchaseRetention = retentionOf({
  table: 'chunk_purchases',
  keptMs: 0,
  since: 'expires_at',
});

/** The end of what is known of chunks that a provider has refused: their row says when. */
export const chunkRefusalRetention = retentionOf({
  table: 'chunk_refusals',
  keptMs: 0,
  since: 'expires_at',
});

/** The end of the vectors of retired spaces. The space itself stays: one row for each model that the tenant has used. */
export const retiredSpaceRetention = retentionOf(
  { table: 'embedding_spaces', keptMs: unusedKeptMs, since: 'retired_at', where: retiredSql },
  deleteRetiredVectors,
);
