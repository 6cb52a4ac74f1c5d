import fc from 'fast-check';
import { encode as encodeCl100k } from 'gpt-tokenizer/encoding/cl100k_base';
import { encode as encodeO200k } from 'gpt-tokenizer/encoding/o200k_base';
import { encode as encodeR50k } from 'gpt-tokenizer/encoding/r50k_base';
import { describe, expect, it } from 'vitest';
import { likelyTokens, tokenBound } from '../../../src/domain/token-bound.ts';

describe('the bound on a text’s tokens', () => {
  it('is above the count of every byte-level vocabulary, for any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(Math.max(...countsOf(text))).toBeLessThanOrEqual(tokenBound(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(Object.entries(rareLetters()))('is above the count for the rare letters of %s', (_, letters) => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 200 }), (text) => {
        const most = Math.max(...countsOf(text));
        expect(most).toBeLessThanOrEqual(tokenBound(text));
        expect(most).toBeLessThanOrEqual(likelyTokens(text));
      }),
      { numRuns: 300 },
    );
  });

  it('is what a vocabulary without merges counts: a token for each byte', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(tokenBound(text)).toBeGreaterThanOrEqual(Buffer.byteLength(text));
      }),
    );
    expect(tokenBound('two words')).toBe(9);
    expect(tokenBound('ѧѫѣ')).toBe(6);
  });

  it('covers every character by its longer form', () => {
    const below: number[] = [];
    for (let code = 0x80; code < 0x3_0000; code += 1) {
      const character = String.fromCodePoint(code);
      if (tokenBound(character) < Buffer.byteLength(character.normalize('NFKC'))) below.push(code);
    }
    expect(below).toEqual([]);
  });

  it('covers a letter that a model spells out, like the one for a whole sentence of Arabic', () => {
    const spelledOut = '\ufdfa'.normalize('NFKC');
    expect(tokenBound('\ufdfa')).toBe(Buffer.byteLength(spelledOut));
    expect(spelledOut).toHaveLength(18);
  });
});

describe('the likely tokens of a text', () => {
  it('are a fraction of the bound for prose in ASCII, and at least its tokens', () => {
    const prose = 'A lease that nobody renews ends by itself, and the next worker takes over. '.repeat(20);
    expect(likelyTokens(prose)).toBeLessThan(tokenBound(prose) / 2);
    expect(likelyTokens(prose)).toBeGreaterThanOrEqual(Math.max(...countsOf(prose)));
  });

  it('are never above the bound', () => {
    fc.assert(fc.property(anyText, (text) => likelyTokens(text) <= tokenBound(text)));
  });
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.string({ unit: 'binary-ascii', maxLength: 200 }),
  fc
    .array(
      fc.constantFrom('~/', 'word_', '\ud83d', '\udc00', ' ', '\n', '0', '🏴', 'ﷺ', 'é', '<|endoftext|>'),
    )
    .map((parts) => parts.join('')),
);

/** Every letter of a script that two bytes or three encode, the rare ones among them. */
function rareLetters(): Record<string, readonly string[]> {
  const letters = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i)).filter((letter) =>
      /\p{L}/u.test(letter),
    );
  return {
    Cyrillic: [...'ѧѫѣѳѵѡѿѯѱѩѭӛӝӟӣӥӧөӫӭӯӱӳӵӹԑԓ'],
    Arabic: letters(0x0671, 0x06d3),
    Thai: letters(0x0e01, 0x0e3a),
    Greek: letters(0x03d0, 0x03ff),
    Hebrew: letters(0x05d0, 0x05f2),
    kana: letters(0x30a0, 0x30ff),
    Han: letters(0x3400, 0x3500),
    Latin: letters(0x0180, 0x024f),
  };
}

/** The text's tokens in three vocabularies, each without its special tokens. */
function countsOf(text: string): number[] {
  return [encodeCl100k, encodeO200k, encodeR50k].map(
    (encode) => encode(text, { disallowedSpecial: new Set() }).length,
  );
}
