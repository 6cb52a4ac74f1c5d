import type { PlantedFault } from './planted-fault.ts';

const documents = ['test/api/ingestion/documents.test.ts'];
const queue = ['test/api/ingestion/queue.test.ts'];
const workflow = ['test/workflows/ingest-content.test.ts'];
const waits = ['test/workflows/ingest-content-waits.test.ts'];
const reader = ['test/unit/ingestion/documents/reader.test.ts'];

/** Faults in the making of articles from documents. */
export const ingestionFaults: readonly PlantedFault[] = [
  {
    file: 'src/ingestion/steps/finish.ts',
    find: '    else await deleteDocument(tx, tenantId, id);\n',
    replace: '',
    why: 'the text of a document stays after its job',
    tests: documents,
  },
  {
    file: 'src/ingestion/steps/finish.ts',
    find: 'if (!mayRetry || !isPaidFor) await extraction.forget(tx, subject);',
    replace: '',
    why: 'the answers about a document stay after its job',
    tests: documents,
  },
  {
    file: 'src/ingestion/steps/finish.ts',
    find: "  return done === 0 ? 'failed' : 'partial';",
    replace: "  return 'failed';",
    why: 'a document of which something came is shown as failed',
    tests: documents,
  },
  {
    file: 'src/ingestion/steps/finish.ts',
    find: '        await audit.append(tx, serviceActor(tenantId), {',
    replace: '        void ({',
    why: 'the end of a job leaves no audit row',
    tests: documents,
  },
  {
    file: 'src/ingestion/steps/make.ts',
    find: "status: job.publish ? 'published' : 'draft',",
    replace: "status: 'published',",
    why: 'articles of a stranger’s page are published',
    tests: documents,
  },
  {
    file: 'src/ingestion/steps/make.ts',
    find: 'metadata: job.metadata,',
    replace: 'metadata: {},',
    why: 'the articles lose the fields of their document',
    tests: documents,
  },
  {
    file: 'workflows/parts.ts',
    find: 'queue.unshift({ part: ref.part, half: 1 }, { part: ref.part, half: 2 });',
    replace: 'queue.unshift({ part: ref.part, half: 1 });',
    why: 'half of a part whose answer is cut off is never asked about',
    tests: workflow,
  },
  {
    file: 'src/ingestion/steps/extract.ts',
    find: 'usage.recordSubject(ref.tenantId, ref.jobId)',
    replace: 'Promise.resolve(0)',
    why: 'the calls of a document are in no ledger',
    tests: documents,
  },
  {
    file: 'src/domain/ingest-content.ts',
    find: "if (failure.code === 'malformed_response' || who === 'author') return 'part';",
    replace: "if (failure.code === 'malformed_response') return 'part';",
    why: 'one part that the model refuses costs the others',
    tests: documents,
  },
  {
    file: 'src/ingestion/queue-document.ts',
    find: "if (document.kind === 'url' && request.publish) return { kind: 'published_url' };",
    replace: '',
    why: 'a page may be published unread',
    tests: queue,
  },
  {
    file: 'src/ingestion/queue-document.ts',
    find: 'const answer = same ?? tooMuch(underWay, sourceBytes);',
    replace: 'const answer = tooMuch(underWay, sourceBytes);',
    why: 'two requests at the same time fail in place of sharing a job',
    tests: queue,
  },
  {
    file: 'src/ingestion/queue-document.ts',
    find: 'if (jobs >= maxJobsUnderWay)',
    replace: 'if (jobs > maxJobsUnderWay)',
    why: 'a tenant has one job more than it may',
    tests: queue,
  },
  {
    file: 'src/ingestion/queue-document.ts',
    find: 'return bytes + moreBytes > maxBytesUnderWay',
    replace: 'return bytes > maxBytesUnderWay * 2',
    why: 'the bytes that lie sealed for a tenant are not bounded',
    tests: queue,
  },
  {
    file: 'src/ingestion/queue-document.ts',
    find: "if (refused?.kind === 'no_api_key') await blocked.note(tenantId, 'extraction');",
    replace: '',
    why: 'a document without a key leaves no trace',
    tests: queue,
  },
  {
    file: 'src/ingestion/queue-document.ts',
    find: "      await outbox.enqueue(tx, { tenantId, kind: 'ingestion', subjectId: id });\n",
    replace: '',
    why: 'a job is queued and its workflow is not requested',
    tests: queue,
  },
  {
    file: 'src/ingestion/jobs/sealed-document.ts',
    find: 'key.seal(labels.source(jobId), bytes)',
    replace: 'Buffer.from(bytes)',
    why: 'the text of a document lies open in the database',
    tests: queue,
  },
  {
    file: 'src/ingestion/document-request.ts',
    find: 'if (!isPublicAddress(host.ip)) return undefined;',
    replace: '',
    why: 'a private address is queued',
    tests: queue,
  },
  {
    file: 'src/ingestion/cancel-job.ts',
    find: '      await deleteDocument(tx, tenantId, id);\n',
    replace: '',
    why: 'the text of a cancelled document stays',
    tests: [...queue, ...documents],
  },
  {
    file: 'workflows/IngestContent.ts',
    find: 'if (changes.any) rounds.reset();',
    replace: '',
    why: 'another key does not begin the tries anew',
    tests: waits,
  },
  {
    file: 'workflows/parts.ts',
    find: "code !== 'circuit_open' && ",
    replace: '',
    why: 'each part is asked about while the breaker is open',
    tests: waits,
  },
  {
    file: 'src/ingestion/documents/document-reader.ts',
    find: 'bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes)',
    replace: 'bytes',
    why: 'the memory behind a document goes to its thread',
    tests: reader,
  },
];
