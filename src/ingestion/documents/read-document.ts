import { hasVisible } from '../../domain/visible-text.ts';
import { cleanMarkdown } from './clean-markdown.ts';
import { type DecodedText, decodeText } from './decode-text.ts';
import type { DocumentNote, DocumentSource, Read, ReadDocument } from './document.ts';
import { readDocx } from './docx/read-docx.ts';
import { readHtml } from './html/read-html.ts';
import { judgeBytes } from './judge-bytes.ts';
import { judgeText } from './judge-text.ts';
import { maxParts, splitIntoParts } from './parts/split-into-parts.ts';
import { readPdf } from './pdf/read-pdf.ts';
import { plainTextToMarkdown } from './plain-text.ts';

/** What a process answers. */
export type ReadInProcess = Exclude<Read, { readonly kind: 'busy' }>;

/** The most characters of a document in Markdown: about as much as its parts can hold. */
export const maxMarkdownCharacters = 800_000;
const maxTitleLength = 300;

const unsupported: ReadInProcess = { kind: 'failed', code: 'unsupported_content' };
const tooLarge: ReadInProcess = { kind: 'failed', code: 'document_too_large' };

type Written =
  | {
      readonly kind: 'read';
      readonly title: string | null;
      readonly markdown: string;
      readonly notes: readonly DocumentNote[];
    }
  | { readonly kind: 'unreadable' | 'too_large' };

/** Judges a document, turns it into Markdown and divides it. Pure, but for the time: the process that runs it has a bound. */
export async function readDocument(source: DocumentSource): Promise<ReadInProcess> {
  const written = await write(source);
  if (written.kind !== 'read') return written.kind === 'too_large' ? tooLarge : unsupported;
  if (written.markdown.length > maxMarkdownCharacters) return tooLarge;
  const markdown = written.markdown.trim();
  if (!/[\p{L}\p{N}]/u.test(markdown) || !hasVisible(markdown)) return unsupported;
  const parts = splitIntoParts(markdown);
  if (parts.length > maxParts) return tooLarge;
  const document: ReadDocument = {
    title: shortTitle(written.title) ?? shortTitle(fileTitle(source.name)),
    markdown,
    notes: written.notes,
  };
  return { kind: 'read', document, parts };
}

async function write(source: DocumentSource): Promise<Written> {
  const kind = await judgeBytes(source.bytes);
  switch (kind) {
    case 'pdf':
      return await readPdf(source.bytes, maxMarkdownCharacters);
    case 'zip':
      return await readDocx(source.bytes);
    case 'text':
      return writeText(source, decodeText(source.bytes, source.contentType));
    case 'unsupported':
      return { kind: 'unreadable' };
    default:
      return kind satisfies never;
  }
}

function writeText(source: DocumentSource, { text, replaced }: DecodedText): Written {
  const decoding: readonly DocumentNote[] = replaced ? ['undecodable_bytes_replaced'] : [];
  const kind = judgeText(text, source);
  switch (kind) {
    case 'html': {
      const read = readHtml({ html: text, name: source.name, isPage: true });
      return read.kind === 'read' ? { ...read, notes: [...decoding, ...read.notes] } : read;
    }
    case 'markdown': {
      const { markdown, title, notes } = cleanMarkdown(text);
      return {
        kind: 'read',
        title: title ?? firstHeading(markdown),
        markdown,
        notes: [...decoding, ...notes],
      };
    }
    case 'plain':
      return { kind: 'read', title: null, markdown: plainTextToMarkdown(text), notes: decoding };
    case 'data':
    case 'empty':
      return { kind: 'unreadable' };
    default:
      return kind satisfies never;
  }
}

function firstHeading(markdown: string): string | null {
  return /^# (.{1,300})/m.exec(markdown)?.[1] ?? /^(\S.{0,300})\n=+$/m.exec(markdown)?.[1] ?? null;
}

/** The name of a file without its ending. An address is no title; one letter before a colon names a disk. */
function fileTitle(name: string | null): string | null {
  if (name === null || /^[a-z][a-z0-9+.-]+:/i.test(name)) return null;
  return (name.split(/[/\\]/).at(-1) ?? '').replace(/\.[a-z0-9]{1,8}$/i, '');
}

function shortTitle(title: string | null): string | null {
  const line = (title ?? '')
    .slice(0, 4 * maxTitleLength)
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  if (!hasVisible(line)) return null;
  // By characters, not by code units.
  return [...line].slice(0, maxTitleLength).join('');
}
