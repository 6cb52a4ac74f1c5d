/** What an atom begins with. */
export const atomKind = { lower: 1, upper: 2, digit: 3, blank: 4, newline: 5, symbol: 6, letter: 7 } as const;

/** The longest runs of one kind that are one atom. */
const longestRuns: Readonly<Record<number, number>> = {
  [atomKind.lower]: 16,
  [atomKind.upper]: 16,
  [atomKind.digit]: 9,
  [atomKind.blank]: 16,
};

/** Accents, skin tones and joined parts of one character. Accents can be stacked without end, so their number has a bound. */
const maxExtensions = 24;
const joiner = 0x200d;

const kinds = new Uint8Array(0x80).fill(atomKind.symbol);
kinds.fill(atomKind.lower, 0x61, 0x7b).fill(atomKind.upper, 0x41, 0x5b).fill(atomKind.digit, 0x30, 0x3a);
kinds[0x20] = atomKind.blank;
kinds[0x09] = atomKind.blank;
kinds[0x0a] = atomKind.newline;

const extending = /^[\p{M}\p{EMod}\u{E0020}-\u{E007F}]/u;
/** The UTF-16 units of characters that continue the one before, looked up because a regular expression costs ten times that. */
const extendsInPlane0 = Uint8Array.from({ length: 0x10000 }, (_, code) =>
  code >= 0x300 && extending.test(String.fromCharCode(code)) ? 1 : 0,
);

/** The kind of the atom that begins with this UTF-16 unit. */
export function kindAt(text: string, start: number): number {
  return kinds[text.charCodeAt(start)] ?? atomKind.letter;
}

/**
 * Where the atom ends that begins at `start`. An atom is never cut: it is a run of one kind of ASCII, up to a length, or what a
 * reader sees as one character, such as a flag, or a letter with its accents.
 */
export function atomEnd(text: string, start: number): number {
  const kind = kindAt(text, start);
  const longest = longestRuns[kind];
  if (longest !== undefined) {
    const last = Math.min(text.length, start + longest);
    let end = start + 1;
    while (end < last && kindAt(text, end) === kind) end += 1;
    return end;
  }
  if (kind === atomKind.newline) return start + 1;
  let end = start + widthAt(text, start);
  if (isRegional(text, start) && isRegional(text, end)) end += 2;
  for (let count = 0; count < maxExtensions; count += 1) {
    const width = extensionAt(text, end);
    if (width === 0) break;
    end += width;
  }
  return end;
}

/** The UTF-16 units of the character at an offset. */
function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

/** Two regional indicators make a flag. */
function isRegional(text: string, at: number): boolean {
  const code = text.codePointAt(at) ?? 0;
  return code >= 0x1f1e6 && code <= 0x1f1ff;
}

/** The UTF-16 units of what continues a character, 0 where another character begins. */
function extensionAt(text: string, at: number): number {
  const code = text.codePointAt(at);
  if (code === undefined || code < 0x300) return 0;
  if (code > 0xffff) return extending.test(String.fromCodePoint(code)) ? 2 : 0;
  if (code !== joiner) return extendsInPlane0[code] ?? 0;
  const joined = text.codePointAt(at + 1);
  return joined === undefined || joined === 0x20 || joined === 0x0a ? 0 : 1 + widthAt(text, at + 1);
}
