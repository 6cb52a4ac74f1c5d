/** The smallest piece of text, which is never cut. `tokens` is an upper estimate of its tokens, `start` its offset. */
export type Atom = { readonly text: string; readonly start: number; readonly tokens: number };

// An atom is a run of one kind of ASCII, up to a length, or what a reader sees as one character: a flag, or a character with
// its accents, skin tone and joined parts. Both are bounded, since accents can be stacked without end.
const atomPattern =
  /[a-z]{1,16}|[A-Z]{1,16}|[0-9]{1,9}|[ \t]{1,16}|\n|(?:\p{RI}\p{RI}|.)(?:[\p{M}\p{EMod}\u{E0020}-\u{E007F}]|\u200D[^\n ]){0,24}/gsu;

/** Tokens per character of a script. With these, no chunk of random letters of the script was above 512 in either vocabulary. */
const scriptTokens: readonly (readonly [from: number, to: number, tokens: number])[] = [
  [0x0080, 0x024f, 1.6], // Latin with accents
  [0x0370, 0x03ff, 1.4], // Greek
  [0x0400, 0x04ff, 1], // Cyrillic
  [0x0590, 0x05ff, 1.5], // Hebrew
  [0x0600, 0x06ff, 1.1], // Arabic
  [0x0900, 0x097f, 1.6], // Devanagari
  [0x0e00, 0x0e7f, 1.2], // Thai
  [0x3000, 0x30ff, 1.5], // Japanese punctuation, kana
  [0x4e00, 0x9fff, 2.25], // Han
  [0xac00, 0xd7a3, 2.5], // Hangul
];

/** Cuts a text into atoms, in order and without a gap. The time is linear in the length of any text. */
export function* atoms(text: string): Generator<Atom> {
  for (const match of text.matchAll(atomPattern)) {
    yield { text: match[0], start: match.index, tokens: atomTokens(match[0]) };
  }
}

/**
 * An upper estimate of a text's tokens, for any embedding model. Measured for prose, code, encoded data and symbols, it is
 * above the counts of OpenAI's cl100k and the XLM-R vocabulary. A real tokenizer has megabytes for each model, and a tenant may
 * name any model. The estimate of a text is the sum of the estimates of its atoms.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (const atom of atoms(text)) tokens += atom.tokens;
  return tokens;
}

function atomTokens(atom: string): number {
  const { length } = atom;
  const code = atom.charCodeAt(0);
  if (code >= 0x61 && code <= 0x7a) return lowercaseTokens(atom);
  if (code >= 0x41 && code <= 0x5a) return 0.6 + 0.6 * length;
  if (code >= 0x30 && code <= 0x39) return 1.5 + length / 3;
  if (code === 0x20 || code === 0x09) return length === 1 ? 0.05 : 0.55 + 0.1 * length;
  if (code === 0x0a) return 0.6;
  if (code < 0x80 && length === 1) return 1.15;
  let tokens = 0;
  for (const character of atom) tokens += characterTokens(character);
  return tokens;
}

/** The vocabularies hold the words of languages; unpronounceable and very long strings are split into many tokens. */
function lowercaseTokens(word: string): number {
  const unpronounceable = word.match(/[^aeiouy]{3,}/g)?.reduce((sum, run) => sum + run.length - 2, 0) ?? 0;
  return word.length > 12 ? 0.62 * word.length : 0.9 + 0.21 * word.length + 0.65 * unpronounceable;
}

/** Scripts without a measurement cost one token a byte, the worst case of a byte-level vocabulary. */
function characterTokens(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  for (const [from, to, tokens] of scriptTokens) if (code >= from && code <= to) return tokens;
  return Buffer.byteLength(character);
}
