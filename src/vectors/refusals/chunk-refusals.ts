import { randomUUID } from 'node:crypto';
import type { Transaction } from '../../platform/postgres/database.ts';
import { dayMs } from '../../platform/retention/retention-rule.ts';
import type { KindOfChunks } from '../chunk-purchase-store.ts';
import { afterPass, afterRefusal, type LearnedSize, type RefusalCause } from './refusal.ts';
import { deleteRefusals, listRefusals, lockGroups, upsertRefusals } from './store.ts';

export { deleteRefusalsOfChunks as forgetRefusals, type StoredRefusal } from './store.ts';

/** How long a refusal is remembered. Then the chunk is sent again, if its article is embedded again. */
const keptMs = 30 * dayMs;

/** What is known of chunks that a target has refused, by chunk hash. */
export const refusalsOf = listRefusals;

/** Remembers that a target has refused these chunks in one batch. Returns whether the next one is smaller. */
export async function noteRefusal(
  tx: Transaction,
  tenantId: string,
  chunks: KindOfChunks,
  refused: { readonly cause: RefusalCause; readonly isWell: boolean },
): Promise<boolean> {
  const rows = await lockGroups(tx, tenantId, chunks);
  const changed = afterRefusal(rows, chunks.hashes, { ...refused, groupId: randomUUID() });
  await upsertRefusals(tx, tenantId, chunks.kind, changed, keptMs);
  const sizes = chunks.hashes.map((hash) => changed.get(hash)?.largestBatch ?? 0);
  return Math.max(0, ...sizes) < chunks.hashes.length;
}

/**
 * Forgets the refusals of chunks that have passed in one batch, in the transaction that stores their vectors. `tokens`: what
 * they likely cost together. Returns what is learned from it of the size of requests.
 */
export async function notePass(
  tx: Transaction,
  tenantId: string,
  chunks: KindOfChunks,
  tokens: number,
): Promise<LearnedSize | undefined> {
  const { changed, learned } = afterPass(await lockGroups(tx, tenantId, chunks), chunks.hashes, tokens);
  await deleteRefusals(tx, tenantId, chunks);
  await upsertRefusals(tx, tenantId, chunks.kind, changed, keptMs);
  return learned;
}
