import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkArticle } from '../../../src/domain/chunks.ts';
import { hasVisible } from '../../../src/domain/visible-text.ts';

const unseen = [
  ...[' ', '\n', '\t', '\u3000', '\u00a0', '\u2028', '\0'],
  ...['\u200b', '\u200d', '\u2060', '\ufeff', '\u00ad', '\u180e'],
  ...['\u200e', '\u202e', '\u2066', '\ufe0f', '\u{e0100}', '\u{e0041}'],
  ...['\u3164', '\u115f', '\u1160', '\uffa0', '\u2800', '\u{1d159}', '\u{1d173}', '\ufffe'],
  ...['\u0301', '\u0323', '\u20dd', '\u0e31'],
];
const blank = fc
  .array(fc.constantFrom(...unseen), { maxLength: 200 })
  .map((characters) => characters.join(''));

describe('a text', () => {
  it.each(unseen.map((character) => [character.codePointAt(0)?.toString(16), character]))(
    'of U+%s alone has nothing visible',
    (_, character) => {
      expect(hasVisible(character.repeat(3))).toBe(false);
    },
  );

  it.each(['a', '7', '!', '語', 'é', 'e\u0301', '😀', '🇩🇪', '±', '\ue000', '\ufffd', 'ก', '​x'])(
    'with %s has something visible',
    (character) => {
      expect(hasVisible(character)).toBe(true);
    },
  );

  it('is visible exactly where a part of it is, and where it is not no chunk of it is sent', () => {
    fc.assert(
      fc.property(blank, blank, fc.string({ unit: 'grapheme' }), (before, after, words) => {
        expect(hasVisible(before + after)).toBe(false);
        expect(hasVisible(before + words + after)).toBe(hasVisible(words));
        expect(chunkArticle({ title: before, body: after, tags: [before] })).toEqual([]);
        for (const { text } of chunkArticle({ title: words, body: before + words + after }))
          expect(hasVisible(text)).toBe(true);
      }),
    );
  });

  it('of two words with 30,000 unseen characters between them has no chunk of those', () => {
    for (const character of ['\u200b', '\u3164', '\u2800', '\u0301', '\u00ad']) {
      const chunks = chunkArticle({ title: 'A title', body: `one${character.repeat(30_000)}two` });
      const passages = chunks.filter(({ isCard }) => !isCard);
      expect(passages.map(({ text }) => /one|two/.exec(text)?.[0])).toEqual(['one', 'two']);
    }
  });
});
