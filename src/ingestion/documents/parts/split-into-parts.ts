import type { DocumentPart } from '../document.ts';
import { type CutPlaces, createCutPlaces } from './place-cuts.ts';
import { outlineOf, type Section } from './sections.ts';

/** The most characters of a part: some 3,000 tokens of English, which leave a small model room for its answer. */
export const maxPartCharacters = 12_000;

/** The most parts of a document, each of which is paid for by itself. */
export const maxParts = 64;

interface Range {
  readonly start: number;
  readonly end: number;
  /** Whether it is made of whole sections, with all that stands below them. */
  readonly whole: boolean;
}

/** The most of a rest that the first of two pieces takes: so much, that a good place is found within it. */
const largerHalf = 0.6;

/**
 * Divides a Markdown text into parts that cover it in order, without gap or overlap. A section with all below it is one part
 * where it fits, small neighbours under one heading are joined, and a longer section is cut at a block, a sentence, a blank or
 * anywhere, the best that there is. Pure, and linear in the text's length.
 */
export function splitIntoParts(markdown: string, maxCharacters = maxPartCharacters): DocumentPart[] {
  if (markdown === '') return [];
  const { sections, cuts } = outlineOf(markdown);
  const places = createCutPlaces(markdown, cuts);
  const ranges = rangesOf(sections, 0, sections.length, places, maxCharacters);
  // A piece of one section is not joined with another section, whose headings differ, unless the parts would be too many.
  return withPaths(ranges.length <= maxParts ? ranges : joined(ranges, maxCharacters, () => true), sections);
}

/** Cuts a part in two at the best place near its middle. Undefined for one that is a single character. */
export function halvesOf(
  part: DocumentPart,
  markdown: string,
): readonly [DocumentPart, DocumentPart] | undefined {
  const { sections, cuts } = outlineOf(markdown);
  const at = createCutPlaces(markdown, cuts).middle(part.start, part.end);
  if (at <= part.start || at >= part.end) return undefined;
  const [first, second] = withPaths(
    [
      { start: part.start, end: at, whole: false },
      { start: at, end: part.end, whole: false },
    ],
    sections,
  );
  return first === undefined || second === undefined ? undefined : [first, second];
}

/**
 * The ranges of some sections. Its depth is that of the headings, six at most: each step goes on with sections below a level
 * that it has passed.
 */
function rangesOf(
  sections: readonly Section[],
  from: number,
  to: number,
  places: CutPlaces,
  max: number,
): Range[] {
  const start = sections[from]?.start ?? 0;
  const end = sections[to - 1]?.end ?? start;
  if (end - start <= max) return [{ start, end, whole: true }];
  if (to - from === 1) return cutLong(start, end, places, max);

  // The highest heading among them divides them; what stands before its first one is a group of its own.
  let highest = Number.POSITIVE_INFINITY;
  for (let index = from + 1; index < to; index += 1) {
    highest = Math.min(highest, sections[index]?.level ?? highest);
  }
  const pieces: Range[] = [];
  let groupFrom = from;
  for (let index = from + 1; index <= to; index += 1) {
    if (index < to && (sections[index]?.level ?? 0) > highest) continue;
    pieces.push(...rangesOf(sections, groupFrom, index, places, max));
    groupFrom = index;
  }
  return joined(pieces, max, ({ whole }) => whole);
}

/** Joins neighbours that may be, as long as they fit into one part. */
function joined(pieces: readonly Range[], max: number, may: (piece: Range) => boolean): Range[] {
  const together: Range[] = [];
  for (const piece of pieces) {
    const before = together.at(-1);
    if (before !== undefined && may(before) && may(piece) && piece.end - before.start <= max) {
      together[together.length - 1] = { ...before, end: piece.end };
    } else together.push(piece);
  }
  return together;
}

/** Cuts a section that is too long. */
function cutLong(start: number, end: number, places: CutPlaces, max: number): Range[] {
  const pieces: Range[] = [];
  let from = start;
  while (end - from > max) {
    // The last two share what is left, so that no crumb remains, unless that would take a third.
    const balanced = places.last(from, from + Math.min(max, Math.ceil((end - from) * largerHalf)));
    const at = end - balanced <= max ? balanced : places.last(from, from + max);
    pieces.push({ start: from, end: at, whole: false });
    from = at;
  }
  pieces.push({ start: from, end, whole: false });
  return pieces;
}

/** Gives each range the headings that all of its sections stand under. */
function withPaths(ranges: readonly Range[], sections: readonly Section[]): DocumentPart[] {
  let index = 0;
  return ranges.map(({ start, end }) => {
    while (index + 1 < sections.length && (sections[index]?.end ?? end) <= start) index += 1;
    let path = sections[index]?.path ?? [];
    for (let next = index; next < sections.length; next += 1) {
      const section = sections[next];
      if (section === undefined || section.start >= end) break;
      path = sharedStart(path, section.path);
    }
    return { path, start, end };
  });
}

function sharedStart(one: readonly string[], other: readonly string[]): readonly string[] {
  const differs = one.findIndex((words, index) => words !== other[index]);
  return differs === -1 ? one : one.slice(0, differs);
}
