import type { Share } from '../../platform/shares/share.ts';
import { createThreadPool, type ThreadPool, threadFile } from '../../platform/threads/thread-pool.ts';
import type { DocumentReader, DocumentSource } from './document.ts';
import type { ReadInThread } from './read-document.ts';

/** The most bytes of a document. */
export const maxDocumentBytes = 10 * 1024 * 1024;
/** A document of ten megabytes takes some seconds. What takes longer was made to. */
const readTimeoutMs = 20_000;
/** A page of as many elements as are read takes some 300 MB. */
const maxMemoryMb = 512;

export interface DocumentReaderDeps {
  /** How threads are divided among tenants: of its own, since one document takes as long as a thousand cuts. */
  readonly share: Share;
  /** Tests give threads of their own. */
  readonly threads?: ThreadPool<DocumentSource, ReadInThread>;
}

/** Creates a reader of documents. It has no thread before the first document. */
export function createDocumentReader({
  share,
  threads = readingThreads(share),
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
          // A document that ends its thread, or takes all of its time, does so again: it is not tried twice.
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

function readingThreads(share: Share): ThreadPool<DocumentSource, ReadInThread> {
  return createThreadPool<DocumentSource, ReadInThread>({
    file: threadFile('./read-in-thread', import.meta.url),
    share,
    timeoutMs: readTimeoutMs,
    maxMemoryMb,
  });
}
