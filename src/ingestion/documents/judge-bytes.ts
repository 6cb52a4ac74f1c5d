import { fileTypeFromBuffer } from 'file-type';

/** What bytes are, whatever their label says. `text` is judged further when it is decoded. */
export type BytesKind = 'pdf' | 'zip' | 'text' | 'unsupported';

/** A PDF may begin behind some bytes of another program. */
const pdfHeaderWithin = 1_024;
/** So many bytes of the beginning tell the kind. */
const judgedBytes = 65_536;
/** Text may hold a few zero bytes by accident; a binary file has more of them, or of other control bytes. */
const maxControlPart = 0.01;

/** Judges bytes by their signature, or by the control bytes that no text has. */
export async function judgeBytes(bytes: Uint8Array): Promise<BytesKind> {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, judgedBytes));
  if (start.length === 0) return 'unsupported';
  if (start.subarray(0, 4).equals(zipSignature)) return 'zip';
  const pdfAt = start.subarray(0, pdfHeaderWithin).indexOf('%PDF-');
  if (pdfAt >= 0 && isPdfPreamble(start.subarray(0, pdfAt))) return 'pdf';
  if (isWideText(start)) return 'text';
  const controls = start.reduce((sum, byte) => sum + (isControl(byte) ? 1 : 0), 0);
  if (controls > Math.max(1, start.length * maxControlPart)) return pdfAt >= 0 ? 'pdf' : 'unsupported';
  // Kinds that are written in letters and are no text to read: RTF, PostScript, calendars, fonts and more. It reads the beginning
  // of letters only: on archives and media it may unpack or loop.
  const named = await fileTypeFromBuffer(start.subarray(0, 4_096)).catch(() => undefined);
  // XML is judged as text: a page may be written in it.
  return named === undefined || named.mime === 'application/xml' ? 'text' : 'unsupported';
}

const zipSignature = Buffer.from([0x50, 0x4b, 0x03, 0x04]);

/** Whether a PDF may follow: nothing, blanks or a byte order mark. A page or a text that names the signature is no PDF. */
function isPdfPreamble(before: Buffer): boolean {
  return before.every((byte) => byte <= 0x20 || byte === 0xef || byte === 0xbb || byte === 0xbf);
}

/** Whether bytes begin with the mark of UTF-16 or UTF-32, whose letters are full of zero bytes. */
export function isWideText(bytes: Uint8Array): boolean {
  const [a, b, c, d] = bytes;
  return (
    (a === 0xff && b === 0xfe) ||
    (a === 0xfe && b === 0xff) ||
    (a === 0 && b === 0 && c === 0xfe && d === 0xff)
  );
}

/** Control bytes that texts of no charset have: not tab, line ends, form feed, and escape, which begins letters in ISO-2022-JP. */
function isControl(byte: number): boolean {
  return byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0c && byte !== 0x0d && byte !== 0x1b;
}
