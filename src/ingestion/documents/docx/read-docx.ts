import { TextDecoder } from 'node:util';
import mammoth from 'mammoth';
import { type HtmlInMarkdown, readHtml } from '../html/read-html.ts';
import { unzipDocx } from './unzip-docx.ts';

/** A Word document in Markdown; `unreadable` for an archive of another kind, and for a broken or locked document. */
export type DocxInMarkdown = HtmlInMarkdown | { readonly kind: 'unreadable' };

const titlePattern = /<dc:title>([^<]{1,1000})<\/dc:title>/;

/** Reads a Word document: headings, lists, tables, links, notes. Pictures are left out but for their descriptions. */
export async function readDocx(bytes: Uint8Array): Promise<DocxInMarkdown> {
  const unzipped = unzipDocx(bytes);
  if (unzipped.kind !== 'unzipped')
    return { kind: unzipped.kind === 'too_large' ? 'too_large' : 'unreadable' };
  const html = await convertToHtml(unzipped.files);
  if (html === undefined) return { kind: 'unreadable' };
  const read = readHtml({ html, name: null, isPage: false });
  return read.kind === 'read' ? { ...read, title: givenTitle(unzipped.files) ?? read.title } : read;
}

async function convertToHtml(files: ReadonlyMap<string, Uint8Array>): Promise<string | undefined> {
  // The library unpacks without a bound; beside an empty path it takes an archive that is unpacked already.
  const input = { path: '', file: archiveOf(files) };
  try {
    const { value } = await mammoth.convertToHtml(input, {
      styleMap: ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => p:fresh"],
      includeEmbeddedStyleMap: false,
      externalFileAccess: false,
      convertImage: mammoth.images.imgElement(async () => ({ src: '' })),
    });
    return value;
  } catch {
    return undefined;
  }
}

function archiveOf(files: ReadonlyMap<string, Uint8Array>) {
  return {
    exists: (path: string) => files.has(path),
    async read(path: string, encoding?: string): Promise<Uint8Array | string> {
      const bytes = files.get(path);
      if (bytes === undefined) throw new Error('a document names a part that it does not have');
      return encoding === undefined ? bytes : new TextDecoder(encoding).decode(bytes);
    },
  };
}

function givenTitle(files: ReadonlyMap<string, Uint8Array>): string | undefined {
  const properties = files.get('docProps/core.xml');
  if (properties === undefined) return undefined;
  const [, title = ''] = titlePattern.exec(new TextDecoder().decode(properties.subarray(0, 20_000))) ?? [];
  // The five names that XML gives to its own signs.
  const signs = new Map([
    ['lt', '<'],
    ['gt', '>'],
    ['quot', '"'],
    ['apos', "'"],
    ['amp', '&'],
  ]);
  return (
    title.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => signs.get(name) ?? '').trim() || undefined
  );
}
