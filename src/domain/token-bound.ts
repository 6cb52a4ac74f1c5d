import { estimateTokens } from './tokens.ts';

/** Tokens that a model adds to each input: a prefix that names its side, a beginning and an end. */
export const tokensAroundInput = 8;

/** Every character that a compatibility form can spell out; most of the others are upper-case letters, which cost nothing more. */
const spelledOutPattern = /(?![\0-\x7f])\p{Changes_When_NFKC_Casefolded}/gu;
const asciiPattern = /[\0-\x7f]+/g;

/**
 * The most tokens that a text can have, for any embedding model: one for each byte of UTF-8. No token of a byte-level
 * vocabulary (BPE) is less than a byte, and the other kinds (WordPiece, SentencePiece) have at most one for each
 * character. Some of these spell a character out first, U+FDFA as 18 letters, so a character counts by its longer form.
 */
export function tokenBound(text: string): number {
  let tokens = Buffer.byteLength(text);
  for (const [character] of text.matchAll(spelledOutPattern)) {
    const spelledOut = Buffer.byteLength(character.normalize('NFKC'));
    tokens += Math.max(0, spelledOut - Buffer.byteLength(character));
  }
  return tokens;
}

/**
 * The tokens that a text likely has: an estimate for what is ASCII, and the bound for the rest. The rare letters of a
 * script, which the vocabularies lack, cost twice as much as its common ones, and nothing but the bound holds for both.
 */
export function likelyTokens(text: string): number {
  const bound = tokenBound(text);
  let saved = 0;
  for (const [run] of text.matchAll(asciiPattern)) saved += run.length - estimateTokens(run);
  return Math.min(bound, Math.ceil(bound - saved));
}
