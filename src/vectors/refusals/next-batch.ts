import { isRejected, type Refusals } from './refusal.ts';

/** The largest request to a target. */
export interface BatchLimits {
  readonly maxChunks: number;
  /** Likely tokens of all chunks; null where no limit is known. */
  readonly maxTokens: number | null;
}

/** A chunk as far as batches are concerned. */
interface Batchable {
  readonly hash: string;
  readonly input: string;
}

/** The chunks of the next request. */
export interface Batch<T> {
  readonly chunks: readonly T[];
  /** How often in a row the provider has failed on a batch with them. */
  readonly failures: number;
}

/**
 * Chooses the chunks of the next request, in their order. Those on which the provider has failed come last, because others may show
 * that it is well. Chunks of a refused batch are sent with each other only: so each refused batch becomes two, and neither
 * brings others into suspicion.
 */
export function nextBatch<T extends Batchable>(
  chunks: readonly T[],
  refusals: Refusals,
  { maxChunks, maxTokens }: BatchLimits,
  tokensOf: (text: string) => number,
): Batch<T> {
  const failuresOf = ({ hash }: T) => refusals.get(hash)?.failures ?? 0;
  const open = chunks.filter(({ hash }) => !isRejected(refusals.get(hash)));
  const [first] = open.toSorted((a, b) => failuresOf(a) - failuresOf(b));
  if (first === undefined) return { chunks: [], failures: 0 };
  const known = refusals.get(first.hash);
  const limit = Math.max(1, Math.min(maxChunks, known?.largestBatch ?? maxChunks));

  const batch: T[] = [];
  let tokens = 0;
  for (const chunk of open) {
    const own = refusals.get(chunk.hash);
    if (own?.groupId !== known?.groupId || own?.largestBatch !== known?.largestBatch) continue;
    if (batch.length === limit) break;
    if (maxTokens !== null) tokens += tokensOf(chunk.input);
    // One that is too long alone is sent alone: the provider decides.
    if (maxTokens !== null && tokens > maxTokens && batch.length > 0) break;
    batch.push(chunk);
  }
  return { chunks: batch, failures: known?.failures ?? 0 };
}
