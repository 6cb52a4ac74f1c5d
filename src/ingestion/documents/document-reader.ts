import { z } from 'zod';
import type { Share } from '../../platform/shares/share.ts';
import { createProcessPool } from '../../platform/threads/process-pool.ts';
import { type ThreadPool, threadFile } from '../../platform/threads/thread-pool.ts';
import { type DocumentReader, type DocumentSource, documentNotes } from './document.ts';
import type { ReadInProcess } from './read-document.ts';

/** The most bytes of a document. */
export const maxDocumentBytes = 10 * 1024 * 1024;
/** A document of ten megabytes takes some seconds, and several times as long on a busy machine. What takes longer was made to. */
const readTimeoutMs = 40_000;
/** A page of as many elements as are read takes some 300 MB. */
const maxMemoryMb = 512;

export interface DocumentReaderDeps {
  /** How processes are divided among tenants: of its own, since one document takes as long as a thousand cuts. */
  readonly share: Share;
  /** Tests give others. */
  readonly threads?: ThreadPool<DocumentSource, ReadInProcess>;
}

/** Creates a reader of documents. It has no process before the first document. */
export function createDocumentReader({
  share,
  threads = readingProcesses(share),
}: DocumentReaderDeps): DocumentReader {
  let closed = false;
  return {
    async read(tenantId, source, signal) {
      const { bytes, contentType, name } = source;
      if (bytes.length > maxDocumentBytes) return { kind: 'failed', code: 'document_too_large' };
      if (bytes.length === 0) return { kind: 'failed', code: 'unsupported_content' };
      // A view would be sent with all that lies behind it.
      const own = bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);
      const read = await threads.run(tenantId, { bytes: own, contentType, name }, signal);
      switch (read.kind) {
        case 'done':
          return read.result;
        case 'busy':
          return { kind: 'busy' };
        case 'lost':
          // A document that ends its process, or takes all of its time, does so again: it is not tried twice.
          return closed || signal?.aborted
            ? { kind: 'busy' }
            : { kind: 'failed', code: 'unsupported_content' };
        default:
          return read satisfies never;
      }
    },

    async close() {
      closed = true;
      return await threads.close();
    },
  };
}

/** A document is read in a process: neither its memory nor a fault of a library's is bounded by a thread. */
function readingProcesses(share: Share): ThreadPool<DocumentSource, ReadInProcess> {
  return createProcessPool<DocumentSource, ReadInProcess>({
    ...{ file: threadFile('./read-in-process', import.meta.url), result: readResult },
    ...{ share, timeoutMs: readTimeoutMs, maxMemoryMb },
  });
}

const readResult: z.ZodType<ReadInProcess> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('read'),
    document: z.object({
      title: z.string().nullable(),
      markdown: z.string(),
      notes: z.array(z.enum(documentNotes)),
    }),
    parts: z.array(z.object({ path: z.array(z.string()), start: z.int(), end: z.int() })),
  }),
  z.object({ kind: z.literal('failed'), code: z.enum(['unsupported_content', 'document_too_large']) }),
]);
