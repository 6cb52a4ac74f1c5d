import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { Busboy } from '@fastify/busboy';
import type { FormField } from '../platform/http/form-body.ts';
import { invalidField, type Problem, problem } from '../platform/http/problem.ts';
import { type DeclaredUpload, fileNameOf, type Upload } from '../platform/http/upload.ts';
import { type ByteCollector, createByteCollector, isCrumbled } from '../platform/net/byte-collector.ts';

/** The parts of a form: one file, and the fields beside it. */
export type ReadForm =
  | { readonly kind: 'form'; readonly fields: readonly FormField[]; readonly file: Upload }
  | Problem;

/** A part of the form that has begun. */
interface Part {
  readonly name: string;
  readonly fileName: string | undefined;
  readonly contentType: string;
  readonly collected: ByteCollector;
}

/** The part that holds the file. */
const filePart = 'file';
/** More fields than any body has, and the file. */
const maxParts = 50;
/** All fields together: they are settings of the file, and its metadata. */
const maxFieldBytes = 64 * 1024;
/** Lines between the parts, and the headers of each, which have three lines. */
const limits = { parts: maxParts, headerPairs: 20, headerSize: 4 * 1024 };
const maxBytesAround = maxParts * 1024;
/** RFC 2046 allows no longer one, and a long one makes the search for it slow. */
const maxBoundaryCharacters = 70;

/** 10 MB take as long at 1.4 Mbit/s. Until then the form holds a slot of its tenant's uploads. */
export const formTimeoutMs = 60_000;

/**
 * Reads a form (`multipart/form-data`) with one file in the part `file`. Reading ends at the first thing that is wrong or too large;
 * what still comes then is thrown away, so that the client can read the answer. Never rejects.
 */
export function readForm(
  request: IncomingMessage,
  { maxBytes }: Pick<DeclaredUpload, 'maxBytes'>,
  timeoutMs = formTimeoutMs,
): Promise<ReadForm> {
  const parser = openParser(request.headers['content-type']);
  if (parser === undefined)
    return Promise.resolve(malformed('The form needs a boundary in its Content-Type.'));
  return new Promise((resolve) => {
    const parts: Part[] = [];
    let bytesInAll = 0;
    let chunks = 0;
    let fieldBytes = 0;
    let isOver = false;

    const end = (form: ReadForm) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      request.off('data', feed).off('end', finish);
      parser.off('drain', resume);
      request.resume();
      resolve(form);
    };
    const timer = setTimeout(
      () => end(malformed(`The form did not arrive within ${timeoutMs / 1_000} s.`)),
      timeoutMs,
    );
    /** The parser may throw at bytes that its authors did not expect. */
    const attempt = (act: () => void) => {
      try {
        act();
      } catch {
        end(broken);
      }
    };
    const tooLarge = () =>
      problem(
        'body_too_large',
        `The file must have at most ${Math.floor(maxBytes / 1_000_000)} MB, and its fields 64 KB.`,
      );

    const feed = (chunk: Uint8Array) => {
      bytesInAll += chunk.length;
      chunks += 1;
      if (isCrumbled(chunks, bytesInAll)) return end(malformed('The form came in too many small pieces.'));
      if (bytesInAll > maxBytes + maxFieldBytes + maxBytesAround) return end(tooLarge());
      return attempt(() => {
        if (!parser.write(chunk)) request.pause();
      });
    };
    const resume = () => void request.resume();
    const finish = () => attempt(() => parser.end());
    const cut = () => end(broken);

    parser.on('file', (name: string | undefined, stream, fileName: string | undefined, _, contentType) => {
      stream.on('error', cut);
      const isFile = name === filePart;
      const collected = createByteCollector(isFile ? maxBytes : maxFieldBytes);
      stream.on('data', (chunk: Uint8Array) => {
        if (!isFile) fieldBytes += chunk.length;
        if (!collected.add(chunk) || fieldBytes > maxFieldBytes) end(tooLarge());
      });
      if (name === undefined) return end(malformed('Each part of the form must have a name.'));
      if (!isFile && fileName !== undefined)
        return end(invalidField(filePart, 'must be the name of the part with the file'));
      if (isFile && parts.some((part) => part.name === filePart))
        return end(invalidField(filePart, 'must be one file'));
      parts.push({ name, fileName, contentType, collected });
    });
    parser.on('partsLimit', () => end(malformed(`The form must have at most ${maxParts} parts.`)));
    parser.on('error', cut);
    parser.on('finish', () => end(formOf(parts)));
    parser.on('drain', resume);
    request.on('data', feed).on('end', finish).on('error', cut);
  });
}

const malformed = (detail: string) => problem('malformed_request', detail);
const broken = malformed('The form is cut off or malformed.');

function openParser(contentType = ''): InstanceType<typeof Busboy> | undefined {
  const boundary = /;\s*boundary=(?:"([^"]*)"|([^;\s]*))/i.exec(contentType);
  const { length } = boundary?.[1] ?? boundary?.[2] ?? '';
  if (length === 0 || length > maxBoundaryCharacters) return undefined;
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits,
      // The bytes of each part are collected here, within one bound for all fields.
      isPartAFile: () => true,
    });
  } catch {
    return undefined;
  }
}

function formOf(parts: readonly Part[]): ReadForm {
  const fields: FormField[] = [];
  let file: Upload | undefined;
  for (const { name, fileName, contentType, collected } of parts) {
    const bytes = collected.bytes();
    if (name === filePart) file = { bytes, fileName: fileNameOf(fileName ?? ''), contentType };
    else if (!isUtf8(bytes)) return malformed('The fields of the form must be UTF-8.');
    else fields.push([name, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')]);
  }
  if (file === undefined)
    return invalidField(filePart, 'is required in a form: what has no file is sent as JSON');
  if (file.bytes.length === 0) return invalidField(filePart, 'must not be empty');
  return { kind: 'form', fields, file };
}
