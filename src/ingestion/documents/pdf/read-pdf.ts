import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { DocumentNote } from '../document.ts';
import { type BlockBound, boundBlocks } from './bounded-memory.ts';
import { linesToMarkdown } from './lines-to-markdown.ts';
import { inReadingOrder } from './reading-order.ts';
import { stretchesOf, type TextPiece } from './text-piece.ts';

/** A PDF in Markdown; `unreadable` for one that is broken or locked. */
export type PdfInMarkdown =
  | {
      readonly kind: 'read';
      readonly title: string | null;
      readonly markdown: string;
      readonly notes: readonly DocumentNote[];
    }
  | { readonly kind: 'unreadable' | 'too_large' };

const maxPages = 1_000;
/** Titles that programs make up. */
const madeUpTitle = /^(untitled|microsoft (word|powerpoint)|.*\.(docx?|indd|tex|dvi|pptx?|rtf|odt))/i;

type PdfLibrary = typeof import('pdfjs-dist/legacy/build/pdf.mjs');
interface LoadedLibrary {
  readonly pdfjs: PdfLibrary;
  readonly bound: BlockBound;
}
let library: Promise<LoadedLibrary> | undefined;

/** Loads the library with what it asks of a browser: these draw, and nothing is drawn here. */
async function loadLibrary(): Promise<LoadedLibrary> {
  const bound = boundBlocks();
  for (const name of ['DOMMatrix', 'ImageData', 'Path2D']) {
    if (!Reflect.has(globalThis, name)) Reflect.set(globalThis, name, class {});
  }
  return { pdfjs: await import('pdfjs-dist/legacy/build/pdf.mjs'), bound };
}

/** Reads the text of a PDF in reading order. No script in it runs, no font or picture is loaded, no address is called. */
export async function readPdf(bytes: Uint8Array, maxCharacters: number): Promise<PdfInMarkdown> {
  library ??= loadLibrary();
  const { pdfjs, bound } = await library;
  const { getDocument, VerbosityLevel } = pdfjs;
  bound.begin();
  const loading = getDocument({
    data: Uint8Array.from(bytes),
    verbosity: VerbosityLevel.ERRORS,
    // Letters of Chinese, Japanese and Korean documents are named by tables that come with the library.
    cMapUrl: join(dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json')), 'cmaps/'),
    cMapPacked: true,
    ...{ isEvalSupported: false, disableFontFace: true, useSystemFonts: false, useWorkerFetch: false },
    ...{
      isImageDecoderSupported: false,
      isOffscreenCanvasSupported: false,
      useWasm: false,
      enableXfa: false,
    },
    stopAtErrors: false,
  });
  try {
    const read = await readPages(await loading.promise, maxCharacters);
    return bound.isExceeded() ? { kind: 'too_large' } : read;
  } catch {
    return { kind: bound.isExceeded() ? 'too_large' : 'unreadable' };
  } finally {
    await loading.destroy().catch(() => undefined);
  }
}

type Pdf = Awaited<ReturnType<PdfLibrary['getDocument']>['promise']>;

/** Reads one page after another. */
async function readPages(pdf: Pdf, maxCharacters: number): Promise<PdfInMarkdown> {
  if (pdf.numPages > maxPages) return { kind: 'too_large' };
  const lines: TextPiece[] = [];
  let characters = 0;
  for (let number = 1; number <= pdf.numPages; number += 1) {
    const page = await pdf.getPage(number);
    const pieces = await piecesOf(page, maxCharacters - characters);
    if (pieces === 'too_large') return { kind: 'too_large' };
    for (const { text } of pieces) characters += text.length;
    for (const line of inReadingOrder(stretchesOf(pieces))) lines.push(line);
    page.cleanup();
  }
  const markdown = linesToMarkdown(lines);
  const notes: DocumentNote[] = (await pdf.getJSActions()) === null ? [] : ['scripts_removed'];
  return {
    kind: 'read',
    title: titleOf(await pdf.getMetadata()) ?? firstHeading(markdown),
    markdown,
    notes,
  };
}

type PdfPage = Awaited<ReturnType<Pdf['getPage']>>;

/** The pieces of text of a page, as they come, so that a page without an end is given up. */
async function piecesOf(page: PdfPage, maxCharacters: number): Promise<TextPiece[] | 'too_large'> {
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = page.getViewport({ scale: 1 }).transform;
  const pieces: TextPiece[] = [];
  let left = maxCharacters;
  for await (const { items } of page.streamTextContent()) {
    for (const item of items) {
      if (!('str' in item) || item.str.trim() === '') continue;
      left -= item.str.length;
      if (left < 0) return 'too_large';
      const [, , skew = 0, height = 0, x = 0, y = 0]: number[] = item.transform;
      const size = Math.hypot(skew, height) || item.height || 1;
      const at = a * x + c * y + e;
      pieces.push({
        text: item.str,
        left: at,
        right: at + item.width,
        y: Math.round((b * x + d * y + f) * 10) / 10,
        size,
      });
    }
  }
  return pieces;
}

function titleOf({ info }: { readonly info: object }): string | null {
  const given: unknown = 'Title' in info ? info.Title : undefined;
  const title = typeof given === 'string' ? given.replaceAll(/\s+/g, ' ').trim() : '';
  return title === '' || madeUpTitle.test(title) ? null : title;
}

function firstHeading(markdown: string): string | null {
  return /^# (.{1,300})$/m.exec(markdown)?.[1] ?? null;
}
