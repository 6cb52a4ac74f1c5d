import { estimateTokens } from './tokens.ts';

/** Tokens that a model adds to each input: a prefix that names its side, a beginning and an end. */
export const tokensAroundInput = 8;

/** A run of ASCII, or one other character. */
const piecePattern = /[\0-\x7f]+|./gsu;

/**
 * The most tokens that a text can have, for any embedding model: one for each byte of UTF-8. No token of a byte-level
 * vocabulary (BPE) is less than a byte, and the other kinds (WordPiece, SentencePiece) have at most one for each
 * character. Some of these spell a character out first, U+FDFA as 18 letters, so a character counts by its longer form.
 */
export function tokenBound(text: string): number {
  return sumPieces(text, Buffer.byteLength);
}

/**
 * The tokens that a text likely has: an estimate for what is ASCII, and the bound for the rest. The rare letters of a
 * script, which the vocabularies lack, cost twice as much as its common ones, and nothing but the bound holds for both.
 */
export function likelyTokens(text: string): number {
  return Math.min(Math.ceil(sumPieces(text, estimateTokens)), tokenBound(text));
}

function sumPieces(text: string, tokensOfAscii: (run: string) => number): number {
  let tokens = 0;
  for (const [piece] of text.matchAll(piecePattern)) {
    tokens += (piece.codePointAt(0) ?? 0) < 0x80 ? tokensOfAscii(piece) : longerForm(piece);
  }
  return tokens;
}

const longerForm = (character: string) =>
  Math.max(Buffer.byteLength(character), Buffer.byteLength(character.normalize('NFKC')));
