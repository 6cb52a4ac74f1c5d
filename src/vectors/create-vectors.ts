import type { ChunkCut } from '../domain/chunks.ts';
import type { Share } from '../platform/shares/share.ts';
import { createThreadPool, threadFile } from '../platform/threads/thread-pool.ts';
import { type Cutter, createCutter } from './cutting/cutter.ts';

/** A cut takes a tenth of a second at most; this is for a machine that has other things to do. */
const cutTimeoutMs = 10_000;

/** Wires the cutting of texts, with threads of its own: one for each slot of the share. */
export function createVectors({ threads }: { readonly threads: Share }): { readonly cutter: Cutter } {
  const pool = createThreadPool<string, readonly ChunkCut[]>({
    file: threadFile('./cutting/cut-in-thread', import.meta.url),
    share: threads,
    timeoutMs: cutTimeoutMs,
  });
  return { cutter: createCutter({ threads: pool }) };
}
