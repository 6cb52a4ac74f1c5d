/** A piece of text on a page, in points from the upper left corner. */
export interface TextPiece {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  /** Its base line. */
  readonly y: number;
  readonly size: number;
}

/** Parts of a letter's size: pieces whose base lines differ by less are one line; a wider gap is no blank between words. */
const sameLine = 0.4;
const wordGap = 0.15;
const columnGap = 1.2;

const rightToLeft = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u;
const isRightToLeft = (text: string) => rightToLeft.test(text);

/**
 * Joins the pieces of a page, which may be single letters, to stretches of words without a wide gap: a line, a line of a column,
 * a cell. In the order of their lines.
 */
export function stretchesOf(pieces: readonly TextPiece[]): TextPiece[] {
  const sorted = pieces.toSorted((one, other) => one.y - other.y || one.left - other.left);
  const stretches: TextPiece[] = [];
  let line: TextPiece[] = [];
  for (const piece of sorted) {
    const first = line[0];
    if (first !== undefined && piece.y - first.y > sameLine * Math.max(first.size, piece.size)) {
      stretches.push(...joinLine(line));
      line = [];
    }
    line.push(piece);
  }
  stretches.push(...joinLine(line));
  return stretches;
}

function joinLine(line: readonly TextPiece[]): TextPiece[] {
  const stretches: TextPiece[][] = [];
  for (const piece of line.toSorted((one, other) => one.left - other.left)) {
    const open = stretches.at(-1);
    const before = open?.at(-1);
    const isNear =
      before !== undefined && piece.left - before.right <= columnGap * Math.max(before.size, piece.size);
    if (open !== undefined && isNear) open.push(piece);
    else stretches.push([piece]);
  }
  return stretches.map(joinPieces);
}

function joinPieces(pieces: readonly TextPiece[]): TextPiece {
  const letters = pieces.filter(({ text }) => isRightToLeft(text)).length;
  const ordered = letters * 2 > pieces.length ? pieces.toReversed() : pieces;
  let text = '';
  let before: TextPiece | undefined;
  for (const piece of ordered) {
    const gap = before === undefined ? 0 : Math.max(piece.left - before.right, before.left - piece.right);
    text += gap > wordGap * piece.size && !text.endsWith(' ') ? ` ${piece.text}` : piece.text;
    before = piece;
  }
  return {
    text: text.replaceAll(/\s+/g, ' ').trim(),
    left: Math.min(...extremes(pieces, ({ left }) => left)),
    right: Math.max(...extremes(pieces, ({ right }) => right)),
    y: pieces[0]?.y ?? 0,
    size: largest(pieces),
  };
}

/** The smallest and the largest of a number that each piece has. */
function extremes(pieces: readonly TextPiece[], of: (piece: TextPiece) => number): [number, number] {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const piece of pieces) {
    least = Math.min(least, of(piece));
    most = Math.max(most, of(piece));
  }
  return [least, most];
}

/** The size of the piece with the most letters: a raised figure is small. */
function largest(pieces: readonly TextPiece[]): number {
  let found = pieces[0];
  for (const piece of pieces) if (piece.text.length > (found?.text.length ?? 0)) found = piece;
  return found?.size ?? 0;
}
