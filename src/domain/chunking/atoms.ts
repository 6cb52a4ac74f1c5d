/** What an atom begins with. */
export const atomKind = { lower: 1, upper: 2, digit: 3, blank: 4, newline: 5, symbol: 6, letter: 7 } as const;

/** The longest runs of one kind that are one atom; 0 for the kinds whose atoms are one character. */
const longestRuns = new Uint8Array(8);
longestRuns[atomKind.lower] = 16;
longestRuns[atomKind.upper] = 16;
longestRuns[atomKind.digit] = 9;
longestRuns[atomKind.blank] = 16;

/** Accents, skin tones and joined parts of one character. Accents can be stacked without end, so their number has a bound. */
const maxExtensions = 24;

// What is asked for each UTF-16 unit of a text is looked up: a regular expression costs ten times that.
const kinds = new Uint8Array(0x10000).fill(atomKind.letter);
kinds.fill(atomKind.symbol, 0, 0x80);
kinds.fill(atomKind.lower, 0x61, 0x7b).fill(atomKind.upper, 0x41, 0x5b).fill(atomKind.digit, 0x30, 0x3a);
kinds[0x20] = atomKind.blank;
kinds[0x09] = atomKind.blank;
kinds[0x0a] = atomKind.newline;

const accent = 1;
const joiner = 2;
/** The first half of a character outside plane 0, which has to be looked at as a whole. */
const firstHalf = 3;
const extending = /^[\p{M}\p{EMod}\u{E0020}-\u{E007F}]/u;
const continuing = Uint8Array.from({ length: 0x10000 }, (_, code) =>
  code >= 0x300 && extending.test(String.fromCharCode(code)) ? accent : 0,
);
continuing.fill(firstHalf, 0xd800, 0xdc00);
continuing[0x200d] = joiner;

/** The kind of the atom that begins with this UTF-16 unit. */
export function kindAt(text: string, start: number): number {
  return kinds[text.charCodeAt(start)] ?? 0;
}

/**
 * Where the atom ends that begins at `start`. An atom is never cut: it is a run of one kind of ASCII, up to a length, or what a
 * reader sees as one character, such as a flag, or a letter with its accents.
 */
export function atomEnd(text: string, start: number): number {
  const kind = kindAt(text, start);
  const longest = longestRuns[kind] ?? 0;
  let end = start + 1;
  if (longest > 0) {
    const last = Math.min(text.length, start + longest);
    while (end < last && kindAt(text, end) === kind) end += 1;
    return end;
  }
  if (kind === atomKind.newline) return end;
  if (kind === atomKind.letter && isPair(text, start)) {
    end += 1;
    if (isRegional(text, start) && isRegional(text, end)) end += 2;
  }
  for (let count = 0; count < maxExtensions && end < text.length; count += 1) {
    const width = extensionAt(text, end);
    if (width === 0) break;
    end += width;
  }
  return end;
}

/** The UTF-16 units of what continues a character, 0 where another character begins. */
function extensionAt(text: string, at: number): number {
  const how = continuing[text.charCodeAt(at)];
  if (how === accent) return 1;
  if (how === firstHalf) return isPair(text, at) && extending.test(text.slice(at, at + 2)) ? 2 : 0;
  if (how !== joiner || at + 1 === text.length) return 0;
  const joined = text[at + 1];
  if (joined === ' ' || joined === '\n') return 0;
  return isPair(text, at + 1) ? 3 : 2;
}

/** Whether the character at an offset has two UTF-16 units. */
function isPair(text: string, at: number): boolean {
  return continuing[text.charCodeAt(at)] === firstHalf && (text.codePointAt(at) ?? 0) > 0xffff;
}

/** Two regional indicators make a flag. */
function isRegional(text: string, at: number): boolean {
  const code = text.codePointAt(at) ?? 0;
  return code >= 0x1f1e6 && code <= 0x1f1ff;
}
