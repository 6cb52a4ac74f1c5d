import { type ChunkCut, cutText } from '../../domain/chunks.ts';
import { cancellation } from '../../platform/async/cancellation.ts';
import type { ThreadPool } from '../../platform/threads/thread-pool.ts';

/** Cuts texts into chunks. */
export interface Cutter {
  /** Cuts a text, in a thread if it is long. Throws when it cannot be done now; it may be tried again. */
  cut(tenantId: string, text: string): Promise<readonly ChunkCut[]>;
  /** Ends the threads. Answers how many texts were being cut. */
  close(): Promise<number>;
}

/** A shorter text is cut within a millisecond or two: handing it to a thread would take longer. */
const longCharacters = 20_000;
/** Whether a text is cut in a thread, and its cuts are stored. */
export const isLong = (text: string): boolean => text.length > longCharacters;

/** Creates a cutter on a pool of threads. */
export function createCutter({
  threads,
}: {
  readonly threads: ThreadPool<string, readonly ChunkCut[]>;
}): Cutter {
  return {
    async cut(tenantId, text) {
      if (!isLong(text)) return cutText(text);
      const cut = await threads.run(tenantId, text, cancellation());
      if (cut.kind === 'done') return cut.result;
      throw new Error(
        cut.kind === 'busy' ? 'no thread was free to cut a text' : 'a thread was lost while it cut',
      );
    },
    close: threads.close,
  };
}
