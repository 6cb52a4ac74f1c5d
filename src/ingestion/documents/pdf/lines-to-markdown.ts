import { plainTextToMarkdown } from '../plain-text.ts';
import { median } from './reading-order.ts';
import type { TextPiece } from './text-piece.ts';

/** A heading is so much larger than the text, and short. */
const headingSize = 1.15;
const maxHeadingLetters = 200;
const deepestHeading = 4;
/** A gap between lines that is so much wider than usual parts paragraphs. */
const paragraphGap = 1.3;
const usualLine = 1.2;
const sameSize = 0.1;

const bullet = /^[•▪◦‣●■–*·-]\s+/;
const numbered = /^\(?\d{1,3}[.)]\s/;
/** A word that goes on in the next line. A soft hyphen is there for nothing else. */
const hyphenated = /(\p{Ll}-|\u00ad)$/u;
const withoutBlanks = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}、。，．「」（）・ー]$/u;
const sentenceEnd = /[.!?:;。！？]["'”’)\]]?$/;

interface Block {
  text: string;
  readonly size: number;
  readonly item: boolean;
  last: TextPiece;
}

/** Writes lines in reading order as Markdown: paragraphs, list items, and headings where the size of their letters says so. */
export function linesToMarkdown(lines: readonly TextPiece[]): string {
  const body = bodySize(lines);
  const blocks = blocksOf(lines);
  const isHeading = ({ text, size, item }: Block) =>
    size >= body * headingSize && text.length <= maxHeadingLetters && !item && /\p{L}/u.test(text);
  const sizes = [...new Set(blocks.filter(isHeading).map(({ size }) => rounded(size)))].toSorted(
    (one, other) => other - one,
  );
  return blocks
    .map((block) => {
      const text = plainTextToMarkdown(block.text);
      if (!isHeading(block)) return block.item ? `- ${text}` : text;
      return `${'#'.repeat(Math.min(sizes.indexOf(rounded(block.size)) + 1, deepestHeading))} ${text}`;
    })
    .filter((text) => text !== '')
    .join('\n\n');
}

function blocksOf(lines: readonly TextPiece[]): Block[] {
  const usual = usualPitch(lines);
  const blocks: Block[] = [];
  for (const line of lines) {
    const item = bullet.test(line.text);
    const text = line.text.replace(bullet, '');
    const open = blocks.at(-1);
    if (open !== undefined && !item && goesOn(open, line, usual)) {
      open.text = joinLines(open.text, text);
      open.last = line;
    } else blocks.push({ text, size: line.size, item, last: line });
  }
  return blocks;
}

/** Whether a line belongs to the paragraph above it. */
function goesOn(open: Block, line: TextPiece, usual: number): boolean {
  if (Math.abs(line.size - open.size) > open.size * sameSize || numbered.test(line.text)) return false;
  const down = line.y - open.last.y;
  // The next column or page: a sentence or a word goes on there.
  if (down < 0)
    return hyphenated.test(open.text) || (!sentenceEnd.test(open.text) && /^\p{Ll}/u.test(line.text));
  if (down > usual * line.size * paragraphGap) return false;
  // The first line of a paragraph may be indented.
  const indented = line.left - open.last.left > line.size && sentenceEnd.test(open.text) && !open.item;
  return !indented;
}

function joinLines(above: string, below: string): string {
  if (above.endsWith('\u00ad')) return above.slice(0, -1) + below;
  if (hyphenated.test(above) && /^\p{Ll}/u.test(below)) return above.slice(0, -1) + below;
  return withoutBlanks.test(above) ? above + below : `${above} ${below}`;
}

/** The size of most letters. */
function bodySize(lines: readonly TextPiece[]): number {
  const letters = new Map<number, number>();
  for (const { size, text } of lines)
    letters.set(rounded(size), (letters.get(rounded(size)) ?? 0) + text.length);
  let most: [size: number, count: number] = [0, 0];
  for (const entry of letters) if (entry[1] > most[1]) most = entry;
  return most[0];
}

/** The usual distance of two lines, in sizes of a letter. */
function usualPitch(lines: readonly TextPiece[]): number {
  const pitches: number[] = [];
  for (const [index, line] of lines.entries()) {
    const before = lines[index - 1];
    const pitch = before === undefined ? 0 : (line.y - before.y) / line.size;
    if (before?.size === line.size && pitch > 0 && pitch < 3) pitches.push(pitch);
  }
  return pitches.length === 0 ? usualLine : Math.max(median(pitches), 1);
}

const rounded = (size: number): number => Math.round(size * 2) / 2;
