import { setImmediate as turn } from 'node:timers/promises';
import { it as base, describe, expect } from 'vitest';
import type { DocumentReader, DocumentSource, Read } from '../../../../src/ingestion/documents/document.ts';
import { createDocumentReader } from '../../../../src/ingestion/documents/document-reader.ts';
import type { ReadInProcess } from '../../../../src/ingestion/documents/read-document.ts';
import { createDocumentShare } from '../../../../src/platform/shares/shares.ts';
import type { ThreadPool, ThreadResult } from '../../../../src/platform/threads/thread-pool.ts';
import * as documents from '../../../support/documents.ts';

const { sourceOf } = documents;

const it = base
  .extend('reader', { scope: 'file' }, async ({}, { onCleanup }): Promise<DocumentReader> => {
    const reader = createDocumentReader({ share: createDocumentShare(2) });
    onCleanup(async () => void (await reader.close()));
    return reader;
  })
  .extend('read', ({ reader }) => async (source: DocumentSource) => {
    const read = await reader.read('a', source);
    if (read.kind !== 'read') throw new Error(`not read: ${JSON.stringify(read)}`);
    return read.document;
  });

const unsupported: Read = { kind: 'failed', code: 'unsupported_content' };
const tooLarge: Read = { kind: 'failed', code: 'document_too_large' };

describe('a document', () => {
  it('in two columns is read column by column, with the words joined that its lines part', async ({
    read,
  }) => {
    const { markdown, title } = await read(sourceOf(await documents.twoColumnPdf(), { name: 'report.pdf' }));
    expect(title).toBe('Quarterly harbour report');
    expect(markdown).toMatch(
      /^# Quarterly harbour report\n\nLeftbegin\.[^R]*Leftend\.\n\nRightbegin\.[^L]*Rightend\.\n\n## Maintenance\n\n/,
    );
    expect(markdown).toContain('The dredger was overhauled in spring and works again since April.');
  });

  it('of Word keeps its headings, its table and its list', async ({ read }) => {
    const { markdown, title } = await read(
      sourceOf(await documents.wordDocument(), { contentType: 'text/plain' }),
    );
    expect(title).toBe('Berth rules');
    expect(markdown).toMatch(
      /^# Berth rules\n\nEvery ship \*\*announces\*\* itself\.\n\n## Fees\n\n\| Length \| Fee \|\n\| --- \| --- \|\n\| to 20 m \| 40 € \|\n\| above \| 90 € \|\n\n- +Ask at the gate\.$/,
    );
  });

  it('in Markdown is kept, without front matter and without what would run; its code is not touched', async ({
    read,
  }) => {
    const { markdown, title, notes } = await read(sourceOf(documents.markdownFile));
    expect(title).toBe('Runbook: queue');
    expect(notes).toEqual(['scripts_removed']);
    expect(markdown).toContain(
      'Restart it with `queue <name>` and read [the notes](https://example.com/notes).',
    );
    expect(markdown).toContain('```sh\n# not a heading\necho "<script>"\n```\n');
    expect(markdown).toContain('&lt;details>&lt;summary>More&lt;/summary>Text&lt;/details> [bad]()');
    expect(markdown).not.toMatch(/alert\(1\)|ops/);
    expect(markdown).toContain('| alert | meaning |\n| --- | --- |\n| lag | too slow |');
  });

  it('in plain text is kept, and its signs are no structure', async ({ read }) => {
    const text =
      'Dear harbour,\n\n#1 is broken, # 2 is not.\n# 3 neither\n> not a quote\n<b>not bold</b>\n\nYours';
    const { markdown, title } = await read(sourceOf(text, { name: 'C:\\letters\\to the harbour.txt' }));
    expect(markdown).toBe(
      'Dear harbour,\n\n#1 is broken, # 2 is not.\n\\# 3 neither\n\\> not a quote\n&lt;b>not bold&lt;/b>\n\nYours',
    );
    expect(title).toBe('to the harbour');
  });

  it('is divided into parts that cover it', async ({ reader }) => {
    const text = Array.from(
      { length: 30 },
      (_, index) => `# Part ${index}\n\n${'A sentence of words. '.repeat(60)}\n`,
    ).join('\n');
    const read = await reader.read('a', sourceOf(text));
    if (read.kind !== 'read') throw new Error('not read');
    expect(read.parts.length).toBeGreaterThan(2);
    expect(read.parts.at(-1)?.end).toBe(read.document.markdown.length);
  });

  it('with a script of its own is read, the script is not, and the answer says so', async ({ read }) => {
    const { markdown, notes } = await read(sourceOf(documents.pdfWithScript()));
    expect(markdown).toBe('A form that greets its reader with a script.');
    expect(notes).toEqual(['scripts_removed']);
  });

  it('is a page where a page names the signature of a PDF, and says where bytes meant nothing', async ({
    read,
  }) => {
    const bytes = Buffer.from('<html><body><p>%PDF-1.4 caf\xe9 and more words</p></body></html>', 'latin1');
    const { markdown, notes } = await read(sourceOf(bytes, { contentType: 'text/html; charset=utf-8' }));
    expect(markdown).toBe('%PDF-1.4 caf\ufffd and more words');
    expect(notes).toEqual(['undecodable_bytes_replaced']);
  });
});

describe('a document that cannot be read', () => {
  it.for<[what: string, content: () => string | Uint8Array | Promise<Uint8Array>]>([
    ['an empty one', () => ''],
    ['one of blanks', () => ' \n\t'],
    ['a page without words', () => '<html><body><script>x()</script><img src="x"></body></html>'],
    ['a PDF without words', documents.pdfWithoutText],
    ['a locked PDF', documents.lockedPdf],
    ['a PDF that is cut off', async () => (await documents.twoColumnPdf()).subarray(0, 700)],
    ['a page that calls itself a PDF', () => '%PDF-1.4\n<html><body>words</body></html>'],
    ['a Word document that is cut off', async () => (await documents.wordDocument()).subarray(0, 3_000)],
    [
      'an archive of other files',
      () => documents.zipOf({ 'notes.txt': 'words', 'xl/workbook.xml': '<workbook/>' }),
    ],
    ['a Word document without XML', () => documents.zipOf({ 'word/document.xml': 'no XML at all' })],
    ['entities that multiply', () => documents.smallWordDocument('&l9;', documents.billionLaughs())],
    [
      'a picture',
      () => Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49]),
    ],
    ['JSON', () => JSON.stringify({ words: 'many words' })],
    ['an archive that unpacks to more than its list says', () => documents.lyingArchive()],
  ])('is unsupported: %s', async ([, content], { reader }) => {
    expect(await reader.read('a', sourceOf(await content(), { contentType: 'text/html' }))).toEqual(
      unsupported,
    );
  });

  it.for<[what: string, content: () => string | Uint8Array]>([
    ['more than ten megabytes', () => 'words '.repeat(1_800_000)],
    ['more than 800,000 characters', () => 'words '.repeat(140_000)],
    ['a million tags', () => '<b>x'.repeat(1_000_000)],
    ['a PDF that unpacks to 200 MB', () => documents.pdfBomb(200)],
    ['a PDF whose fonts unpack to 400 MB', () => documents.pdfOfLargeFonts(12, 30)],
    [
      'an archive that unpacks to 60 MB',
      () => documents.zipOf({ 'word/document.xml': new Uint8Array(60 * 1024 * 1024) }),
    ],
  ])('is too large: %s', async ([, content], { reader }) => {
    expect(await reader.read('a', sourceOf(content()))).toEqual(tooLarge);
  });
});

describe('a reader', () => {
  it('works while the event loop goes on, and reads for another tenant meanwhile', async ({ reader }) => {
    let turns = 0;
    let isOver = false;
    const reads = Promise.all([
      reader.read('a', sourceOf('<p>some words'.repeat(30_000))),
      reader.read('b', sourceOf('A few words.')),
    ]).finally(() => {
      isOver = true;
    });
    for (; !isOver; turns += 1) await turn();
    expect((await reads).map(({ kind }) => kind)).toEqual(['read', 'read']);
    expect(turns).toBeGreaterThan(10);
  });

  it('outlives a document that fills the memory of its thread within one step, and reads the next', async ({
    reader,
  }) => {
    expect(await reader.read('a', sourceOf(documents.pdfWithEndlessNames()))).toEqual(unsupported);
    expect((await reader.read('a', sourceOf('A few words.'))).kind).toBe('read');
  });

  it.for<[thread: ThreadResult<ReadInProcess>, answer: Read]>([
    [{ kind: 'busy' }, { kind: 'busy' }],
    [{ kind: 'lost' }, unsupported],
  ])('answers for a thread that is %o', async ([thread, answer]) => {
    const reader = createDocumentReader({
      share: createDocumentShare(2),
      threads: fakeThreads(async () => thread),
    });
    expect(await reader.read('a', sourceOf('words'))).toEqual(answer);
  });

  it('does not blame the document for a thread that ends with its process, or because nobody waits', async () => {
    const lost = async (): Promise<ThreadResult<ReadInProcess>> => ({ kind: 'lost' });
    const closing = createDocumentReader({ share: createDocumentShare(2), threads: fakeThreads(lost) });
    const aborted = await closing.read('a', sourceOf('words'), AbortSignal.abort());
    await closing.close();
    expect([aborted, await closing.read('a', sourceOf('words'))]).toEqual([
      { kind: 'busy' },
      { kind: 'busy' },
    ]);
  });

  it('sends a view of a larger block without the rest of the block', async () => {
    const block = new Uint8Array(1_000).fill(0x61);
    let sent = 0;
    const threads = fakeThreads(async ({ bytes }) => {
      sent = bytes.buffer.byteLength;
      return { kind: 'busy' };
    });
    await createDocumentReader({ share: createDocumentShare(2), threads }).read('a', {
      ...{ bytes: block.subarray(10, 20), contentType: null, name: null },
    });
    expect(sent).toBe(10);
  });
});

function fakeThreads(
  run: (source: DocumentSource) => Promise<ThreadResult<ReadInProcess>>,
): ThreadPool<DocumentSource, ReadInProcess> {
  return { run: (_tenantId, source) => run(source), close: async () => 0 };
}
