import type { Token } from '../../domain/words/tokenize.ts';

/** A piece of a body with its words. */
export interface ReadPiece {
  readonly text: string;
  readonly tokens: readonly Token[];
  /** Whether the body begins and ends with it. */
  readonly isStart: boolean;
  readonly isEnd: boolean;
}

/** A passage of a piece in UTF-16 units, and whether it begins and ends where a sentence does. */
export interface Fragment {
  readonly start: number;
  readonly end: number;
  readonly startsSentence: boolean;
  readonly endsSentence: boolean;
}

/** Tokens by their place in the list. */
export interface TokenRange {
  readonly first: number;
  readonly last: number;
}

/** The fewest words of a passage that ends with its sentence; a shorter one goes on. */
const leastWords = 12;
/** The most words in front of the first marked one that a passage has so that it begins with its sentence. */
const mostBefore = 14;
/** The most words of a passage. */
const mostWords = 30;

/** What stands between two words where a sentence, a line of a list, a row or a paragraph ends and the next begins. */
const sentenceBorder =
  /[.!?]["'”’»)\]*_`]{0,4}\s|[。！？｡]|\n[ \t\r]*\n|\n[ \t]*(?:[-*+]\s|[#>|])|\n[ \t]*\d+[.)]\s/;

/**
 * Cuts a passage of some 30 words and at most `characters` UTF-16 units around a range of tokens: from the beginning of its
 * sentence if that is near, to the end of one. Of a longer range the beginning is kept.
 */
export function cutFragment(
  { text, tokens, isStart, isEnd }: ReadPiece,
  { first, last }: TokenRange,
  characters: number,
): Fragment {
  const position = (index: number) => tokens[index]?.position ?? 0;
  const isBorder = (index: number) => {
    if (index <= 0) return isStart;
    if (index >= tokens.length) return isEnd;
    return sentenceBorder.test(text.slice(tokens[index - 1]?.end, tokens[index]?.start));
  };
  const fits = (from: number, to: number) =>
    position(to) - position(from) < mostWords &&
    (tokens[to]?.end ?? 0) - (tokens[from]?.start ?? 0) <= characters;

  let until = last;
  while (until > first && !fits(first, until)) until -= 1;
  let from = first;
  const goBack = (words: number) => {
    let at = first;
    while (at > 0 && !isBorder(at) && position(first) - position(at - 1) <= words && fits(at - 1, until))
      at -= 1;
    return at;
  };
  from = goBack(mostBefore);
  const startsSentence = isBorder(from);
  const spare = mostWords - (position(until) - position(first) + 1);
  if (!startsSentence) from = goBack(Math.floor(spare / 3));

  let end: number | undefined;
  for (let to = until; to < tokens.length && (to === until || fits(from, to)); to += 1) {
    until = to;
    if (position(to) - position(from) + 1 >= leastWords && isBorder(to + 1)) end = to;
  }
  until = end ?? until;
  // Where little stands behind, the sentence before is shown too, if it fits.
  const isLittle = () => position(until) - position(from) + 1 < leastWords;
  if (startsSentence && isLittle()) {
    let at = from;
    while (at > 0 && fits(at - 1, until)) {
      at -= 1;
      if (isBorder(at)) from = at;
      if (!isLittle()) break;
    }
    while (at > 0 && !isBorder(at) && fits(at - 1, until)) at -= 1;
    if (isBorder(at)) from = at;
  }
  const [start, stop] = [tokens[from]?.start ?? 0, tokens[until]?.end ?? 0];
  const isShort = (length: number) => length <= maxRest;
  return {
    start:
      from === 0 && isStart && isShort(start)
        ? lineMark(text.slice(0, start))
        : signsBefore(text, tokens[from - 1]?.end ?? 0, start),
    end:
      until === tokens.length - 1 && isEnd && isShort(text.length - stop)
        ? stop + text.slice(stop).trimEnd().length
        : signsBehind(text, stop, tokens[until + 1]?.start ?? text.length),
    startsSentence,
    endsSentence: isBorder(until + 1),
  };
}

/** The most UTF-16 units without a word, at the beginning and at the end of a body, that are shown with its words. */
const maxRest = 40;

/** Where what stands in front of a body's first word begins: behind the mark of a heading, a quote or a list. */
function lineMark(text: string): number {
  return /^\s*(?:(?:[#>]+|[-*+])\s)?\s*/.exec(text)?.[0].length ?? 0;
}

/** The most signs directly at a word, such as brackets, that are shown with it. More are a word of their own, and left out. */
const maxSigns = 16;

/** Where the signs begin that stand directly before a word. */
function signsBefore(text: string, from: number, start: number): number {
  let at = start;
  while (at > from && start - at <= maxSigns && !isBlank(text, at - 1)) at -= 1;
  return start - at > maxSigns ? start : at;
}

/** Where the signs end that stand directly behind a word. */
function signsBehind(text: string, end: number, until: number): number {
  let at = end;
  while (at < until && at - end <= maxSigns && !isBlank(text, at)) at += 1;
  return at - end > maxSigns ? end : at;
}

function isBlank(text: string, at: number): boolean {
  return /[\s|]/.test(text[at] ?? '');
}
