import type { Chunk } from '../domain/chunks.ts';
import type { CallResult } from '../providers/call.ts';

/** Buys these chunks by one call. A `divisible` one is followed by a smaller one where a budget refuses it. */
type BuyBatch<T> = (batch: readonly Chunk[], divisible: boolean) => Promise<CallResult<T>>;

/**
 * Buys the batch, or where a budget has no room for it a half of it, down to one chunk. So a budget buys what it can on each day or
 * in each month, and an article whose text costs more than that is complete some day. A refused call costs a transaction only.
 */
export async function buyWhatFits<T>(batch: readonly Chunk[], buy: BuyBatch<T>): Promise<CallResult<T>> {
  const divisible = batch.length > 1;
  const bought = await buy(batch, divisible);
  // A budget that is only reserved names a wait: the whole batch may fit after it.
  const refused =
    bought.kind === 'failed' && bought.code === 'budget_exhausted' && bought.retryAfterMs === undefined;
  return refused && divisible ? buyWhatFits(batch.slice(0, Math.floor(batch.length / 2)), buy) : bought;
}
