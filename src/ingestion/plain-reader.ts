import type { DocumentReader } from './documents/document.ts';
import { splitIntoParts } from './documents/parts/split-into-parts.ts';

/** Reads documents of plain text and Markdown in UTF-8, on the event loop. */
export function createPlainReader(): DocumentReader {
  return {
    async read(_tenantId, { bytes }) {
      const markdown = Buffer.from(bytes).toString('utf8');
      if (markdown.includes('\0') || markdown.trim() === '')
        return { kind: 'failed', code: 'unsupported_content' };
      const parts = splitIntoParts(markdown);
      return { kind: 'read', document: { title: null, markdown, notes: [] }, parts };
    },
    close: async () => 0,
  };
}
