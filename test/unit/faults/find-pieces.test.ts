import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPieceFinder, findPieces, pieceLength } from '../../faults/find-pieces.ts';

const secret = 'sk-Qw7ZpLm2XvT9rKd4Hs8B';

describe('the search for pieces of a secret', () => {
  it('finds a piece of eight characters and names it', () => {
    expect(findPieces('the key Qw7ZpLm2 is no good', secret)).toEqual(['Qw7ZpLm2']);
  });

  it('finds every piece of a whole secret', () => {
    expect(findPieces(`Bearer ${secret}`, secret)).toHaveLength(secret.length - pieceLength + 1);
  });

  it('finds nothing in seven characters, the four of a hint among them', () => {
    expect(
      findPieces(`...${secret.slice(-4)} ${secret.slice(3, 10)} ${secret.slice(10, 17)}`, secret),
    ).toEqual([]);
  });

  it('says of many secrets which piece it was, and in which form', () => {
    const finder = createPieceFinder(['another-secret-of-somebody', secret]);
    const hex = Buffer.from('Qw7ZpLm2').toString('hex').toUpperCase();
    expect(finder.find(`x${hex}x`)).toEqual([{ piece: 'Qw7ZpLm2', form: 'hex' }]);
  });
});

/** Keys as they are allowed, and text around them that shares no character with them. */
const keys = fc.stringMatching(/^[A-Za-z0-9_-]{20,60}$/);
const around = fc.stringMatching(/^[ äß€{}"',:;]{0,40}$/u);
const forms = {
  plain: (text: string) => text,
  base64: (text: string) => Buffer.from(text).toString('base64'),
  base64url: (text: string) => Buffer.from(text).toString('base64url'),
  hex: (text: string) => Buffer.from(text).toString('hex'),
} as const;

describe.each(Object.entries(forms))('any piece of any key, as %s', (_name, encode) => {
  it('is found wherever it stands', () => {
    fc.assert(
      fc.property(keys, fc.nat(), around, around, (key, seed, before, after) => {
        const at = seed % (key.length - pieceLength + 1);
        const piece = key.slice(at, at + pieceLength);
        expect(findPieces(encode(`${before}${piece}${after}`), key)).toContain(piece);
      }),
    );
  });

  // Not seven: ten characters of base64 are seven bytes and a half.
  it('is not found where only six characters stand', () => {
    fc.assert(
      fc.property(keys, fc.nat(), around, around, (key, seed, before, after) => {
        const at = seed % (key.length - 5);
        const text = `${before} ${key.slice(at, at + 6)} ${after}`;
        expect(findPieces(encode(text), key)).toEqual([]);
      }),
    );
  });
});
