/** A piece of a secret is this many of its characters in a row. A key's hint shows four. */
export const pieceLength = 8;

/** Where a piece was found, and in which form. */
export interface FoundPiece {
  readonly piece: string;
  readonly form: 'plain' | 'base64' | 'hex';
}

export interface PieceFinder {
  /** Every piece of every secret that the text holds, each once. */
  find(haystack: string): FoundPiece[];
}

/** The distinct pieces of the secret that the text holds: as they are, in base64 at any offset, or in hexadecimal. */
export function findPieces(haystack: string, secret: string): string[] {
  return [
    ...new Set(
      createPieceFinder([secret])
        .find(haystack)
        .map(({ piece }) => piece),
    ),
  ];
}

/** Looks for many secrets in one walk over a text: some hundred keys in some hundred megabytes take seconds. */
export function createPieceFinder(secrets: readonly string[]): PieceFinder {
  const needles = new Map<string, FoundPiece>();
  for (const secret of secrets) {
    for (let at = 0; at + pieceLength <= secret.length; at += 1) {
      const piece = secret.slice(at, at + pieceLength);
      for (const { text, form } of formsOf(piece)) needles.set(text, { piece, form });
    }
  }
  const lengths = [...new Set([...needles.keys()].map((needle) => needle.length))];
  // Most places of a text begin no needle: one look at a bit map of the needles' first four characters says so.
  const beginnings = new Uint8Array(1 << 20);
  for (const needle of needles.keys()) beginnings[placeOf(Buffer.from(needle, 'latin1').readUInt32BE(0))] = 1;

  return {
    find(haystack) {
      const bytes = Buffer.from(haystack, 'utf8');
      const found = new Set<FoundPiece>();
      let four = 0;
      for (let end = 0; end < bytes.length; end += 1) {
        four = ((four << 8) | (bytes[end] ?? 0)) >>> 0;
        if (end < 3 || beginnings[placeOf(four)] === 0) continue;
        for (const length of lengths) {
          const hit = needles.get(bytes.toString('latin1', end - 3, end - 3 + length));
          if (hit !== undefined) found.add(hit);
        }
      }
      return [...found];
    },
  };
}

function placeOf(four: number): number {
  return Math.imul(four, 0x9e3779b1) >>> 12;
}

function formsOf(piece: string): { readonly text: string; readonly form: FoundPiece['form'] }[] {
  const hex = Buffer.from(piece, 'utf8').toString('hex');
  const base64 = [0, 1, 2].map((offset) => base64At(piece, offset));
  return [
    { text: piece, form: 'plain' },
    ...[hex, hex.toUpperCase()].map((text) => ({ text, form: 'hex' as const })),
    ...[...base64, ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))].map((text) => ({
      text,
      form: 'base64' as const,
    })),
  ];
}

/** The ten base64 characters that are the piece's alone (its last half byte is not), where it begins at this offset of three. */
function base64At(piece: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(piece, 'utf8')]);
  const first = Math.ceil((offset * 8) / 6);
  const afterLast = Math.floor((bytes.length * 8) / 6);
  return bytes.toString('base64').slice(first, afterLast);
}
