import fc from 'fast-check';
import { it as base, describe, expect } from 'vitest';
import type { DocumentReader, DocumentSource } from '../../../../src/ingestion/documents/document.ts';
import { createDocumentReader } from '../../../../src/ingestion/documents/document-reader.ts';
import { createDocumentShare } from '../../../../src/platform/shares/shares.ts';
import * as documents from '../../../support/documents.ts';

const it = base
  .extend('reader', { scope: 'file' }, async ({}, { onCleanup }): Promise<DocumentReader> => {
    const reader = createDocumentReader({ share: createDocumentShare(2) });
    onCleanup(async () => void (await reader.close()));
    return reader;
  })
  .extend(
    'corpus',
    { scope: 'file' },
    async (): Promise<readonly Uint8Array[]> => [
      Buffer.from(documents.page),
      Buffer.from(documents.markdownFile),
      await documents.twoColumnPdf(),
      await documents.wordDocument(),
      documents.pdfWithScript(),
      documents.smallWordDocument('words'),
    ],
  );

describe('any bytes, with any label', { timeout: 120_000 }, () => {
  it('are read or refused', async ({ reader }) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), label, (bytes, given) =>
        endsWell(reader, { bytes, ...given }),
      ),
      { numRuns: 300 },
    );
  });

  it('are read or refused where they are text', async ({ reader }) => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 500 }),
      fc
        .array(
          fc.constantFrom(
            '<p>',
            '</p>',
            '<table>',
            '<td colspan=9>',
            '<pre>',
            '# a\n',
            '```\n',
            '---\n',
            '|',
            '&',
            ' ',
            '\n',
            'word',
            '"',
            '{',
            '<!--',
            '-->',
            '<a href=',
            '日',
          ),
          { maxLength: 80 },
        )
        .map((pieces) => pieces.join('')),
    );
    await fc.assert(
      fc.asyncProperty(text, label, (words, given) =>
        endsWell(reader, { bytes: Uint8Array.from(Buffer.from(words)), ...given }),
      ),
      { numRuns: 300 },
    );
  });

  it('are read or refused where they are documents with changes', async ({ reader, corpus }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(corpus.length - 1),
        fc.array(change, { minLength: 1, maxLength: 6 }),
        label,
        async (which, changes, given) => {
          let bytes = Buffer.from(corpus[which] ?? []);
          for (const [where, put, taken] of changes) {
            const at = Math.floor(where * bytes.length);
            bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + taken)]);
          }
          await endsWell(reader, { bytes: Uint8Array.from(bytes), ...given });
        },
      ),
      { numRuns: 250 },
    );
  });
});

const label = fc.record({
  contentType: fc.option(
    fc.oneof(
      fc.constantFrom(
        'text/html',
        'text/plain; charset=utf-16',
        'application/pdf',
        'text/csv',
        'text/markdown; charset=Shift_JIS',
      ),
      fc.string({ unit: 'binary' }),
    ),
  ),
  name: fc.option(
    fc.oneof(fc.webUrl(), fc.constantFrom('a.md', 'a.pdf', '../x'), fc.string({ unit: 'binary' })),
  ),
});

/** Where a change begins, in parts of the length; what is put there; how many bytes it takes the place of. */
const change = fc.tuple(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.uint8Array({ maxLength: 20 }),
  fc.nat(60),
);

async function endsWell(reader: DocumentReader, source: DocumentSource): Promise<void> {
  const read = await reader.read('a', source);
  if (read.kind === 'failed') {
    expect(['unsupported_content', 'document_too_large']).toContain(read.code);
    return;
  }
  if (read.kind === 'busy') throw new Error('no thread was free');
  const { markdown, title } = read.document;
  expect(`${title}${markdown}`).not.toMatch(/\p{Surrogate}|\0/u);
  let at = 0;
  for (const { start, end } of read.parts) {
    expect(start).toBe(at);
    at = end;
  }
  expect(at).toBe(markdown.length);
}
