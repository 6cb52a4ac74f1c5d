/** A smallest piece of text, never cut, and at most how many tokens it costs. */
export type Atom = { readonly text: string; readonly start: number; readonly tokens: number };

// Runs of one kind of ASCII are taken together, up to a length; everything else by what a reader sees as one character:
// a flag, or any character with its accents, skin tone and joined parts (bounded: accents can be stacked without end).
const atomPattern =
  /[a-z]{1,16}|[A-Z]{1,16}|[0-9]{1,9}|[ \t]{1,16}|\n|(?:\p{RI}\p{RI}|.)(?:[\p{M}\p{EMod}\u{E0020}-\u{E007F}]|\u200D[^\n ]){0,24}/gsu;

/** Cuts a text into atoms, in order and without a gap. Linear in the text, whatever it holds. */
export function* atoms(text: string): Generator<Atom> {
  for (const match of text.matchAll(atomPattern)) {
    yield { text: match[0], start: match.index, tokens: atomTokens(match[0]) };
  }
}

/** An upper estimate of the tokens of a text. It adds up: the estimate of a text is the sum over its atoms. */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (const atom of atoms(text)) tokens += atom.tokens;
  return tokens;
}

function atomTokens(atom: string): number {
  const code = atom.charCodeAt(0);
  const length = atom.length;
  if (code >= 97 && code <= 122) return 0.8 + 0.25 * length;
  if (code >= 65 && code <= 90) return 0.5 + 0.5 * length;
  if (code >= 48 && code <= 57) return 0.5 * length + 0.5;
  if (code === 32 || code === 9) return length === 1 ? 0 : 0.5 + 0.1 * length;
  if (code === 10) return 0.5;
  if (code < 128) return 1;
  return Buffer.byteLength(atom) * 0.75;
}
