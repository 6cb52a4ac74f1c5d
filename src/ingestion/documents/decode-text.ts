import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import htmlEncodingSniffer from 'html-encoding-sniffer';

/** A text, and whether some of its bytes meant nothing. */
export interface DecodedText {
  readonly text: string;
  readonly replaced: boolean;
}

/** Charsets of one byte a letter, in which every text can be read, a UTF-8 one too. */
const singleByte = /^(windows-|iso-8859-|macintosh|koi8|ibm866)/;
const charsetParameter = /;\s{0,20}charset\s{0,20}=\s{0,20}["']?([\w.:+-]{1,40})/i;
/** No page names its charset behind this. */
const sniffedBytes = 1_024;

/**
 * Decodes a text: by its byte order mark, then its header, then a page's own `meta`, then UTF-8; the first in which every byte
 * means something. Bytes that mean nothing in any are replaced. Servers often call UTF-8 by the name of an older charset, in
 * which it would be read as rubbish: valid UTF-8 with letters beyond ASCII is taken for such only where no other tells.
 */
export function decodeText(bytes: Uint8Array, contentType: string | null): DecodedText {
  if (startsWith(bytes, [0xff, 0xfe, 0, 0]) || startsWith(bytes, [0, 0, 0xfe, 0xff])) {
    return cleaned(decodeUtf32(bytes, bytes[0] === 0xff));
  }
  const marked = startsWith(bytes, [0xff, 0xfe])
    ? 'utf-16le'
    : startsWith(bytes, [0xfe, 0xff])
      ? 'utf-16be'
      : undefined;
  if (marked !== undefined) return cleaned(decodeAs(marked, bytes, false) ?? '');
  if (isUtf8(bytes) && bytes.some((byte) => byte >= 0x80) && !multiByteLabel(bytes, contentType)) {
    return cleaned(decodeAs('utf-8', bytes, false) ?? '');
  }
  const labels = [headerCharset(contentType), metaCharset(bytes), 'utf-8'].filter(
    (label) => label !== undefined,
  );
  for (const label of labels) {
    const text = decodeAs(label, bytes, true);
    if (text !== undefined) return cleaned(text);
  }
  for (const label of labels) {
    const text = decodeAs(label, bytes, false);
    if (text !== undefined) return { ...cleaned(text), replaced: true };
  }
  return { text: '', replaced: true };
}

/** Whether a label names a charset of several bytes a letter other than UTF-8, whose text can look like UTF-8 by chance. */
function multiByteLabel(bytes: Uint8Array, contentType: string | null): boolean {
  const label = headerCharset(contentType) ?? metaCharset(bytes);
  return label !== undefined && label !== 'utf-8' && !singleByte.test(label);
}

/** The charset that a header names, by its standard name. */
function headerCharset(contentType: string | null): string | undefined {
  const label = charsetParameter.exec(contentType?.slice(0, 500) ?? '')?.[1];
  return label === undefined ? undefined : decoderOf(label, false)?.encoding;
}

/** The charset that a page names by itself. */
function metaCharset(bytes: Uint8Array): string | undefined {
  const sniffed = htmlEncodingSniffer(bytes.subarray(0, sniffedBytes), { defaultEncoding: 'none' });
  return sniffed === 'none' ? undefined : decoderOf(sniffed, false)?.encoding;
}

function decodeAs(label: string, bytes: Uint8Array, fatal: boolean): string | undefined {
  try {
    const decoder = decoderOf(label, fatal);
    const text = decoder?.decode(bytes);
    return decoder?.encoding === 'windows-1252' ? text?.replace(/[\u0080-\u009f]/g, windowsSign) : text;
  } catch {
    return undefined;
  }
}

/** What windows-1252 has at 0x80 to 0x9f. Node.js 20 decodes them as ISO-8859-1 does, which has no signs there. */
const windowsSigns = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';
const windowsSign = (control: string): string => windowsSigns[control.charCodeAt(0) - 0x80] ?? control;

function decoderOf(label: string, fatal: boolean): TextDecoder | undefined {
  try {
    return new TextDecoder(label, { fatal });
  } catch {
    // A charset that does not exist, or that the platform does not know.
    return undefined;
  }
}

/** No platform decodes UTF-32. */
function decodeUtf32(bytes: Uint8Array, littleEndian: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: string[] = [];
  for (let at = 4; at + 4 <= bytes.length; at += 4) {
    const code = view.getUint32(at, littleEndian);
    pieces.push(code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd');
  }
  return pieces.join('');
}

/** One kind of line end; no zero characters, no other control characters, no half of a character. */
function cleaned(raw: string): DecodedText {
  const text = raw
    .replace(/^\ufeff/, '')
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '')
    .replace(/\p{Surrogate}/gu, '\ufffd');
  return { text, replaced: text.includes('\ufffd') };
}

function startsWith(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte);
}
