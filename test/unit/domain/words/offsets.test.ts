import fc from 'fast-check';
import { expect, it } from 'vitest';
import { analyzeText, wordsPerOffset } from '../../../../src/domain/words/analyze-text.ts';
import { tokenize } from '../../../../src/domain/words/tokenize.ts';

it('the offsets of a body are where each 64th of its words stands, whatever the text', () => {
  const piece = fc.constantFrom(
    ...[
      'word ',
      'getUserById ',
      'a.b.c ',
      'C++ ',
      '日本語',
      'テスト',
      'ค้นหา',
      '🦉 ',
      '번역을 ',
      'ops@example.com ',
    ],
    ...['\n', '.', 'v1.9 ', 'e\u0301', 'https://example.com/a?b=c#d ', '用Docker部署', 'x_y-z ', '\u200b'],
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 100, maxLength: 400 }), (pieces) => {
      const body = pieces.join('');
      const { offsets, language } = analyzeText({ title: '', tags: [], category: '', body, language: 'en' });
      const starts = new Map<number, number>();
      for (const { position, start } of tokenize(body, language)) {
        if (!starts.has(position)) starts.set(position, Array.from(body.slice(0, start)).length);
      }
      offsets.forEach((offset, index) => {
        expect(offset).toBe(starts.get(index * wordsPerOffset + 1));
      });
      expect(offsets.length).toBe(Math.ceil(Math.max(0, ...starts.keys()) / wordsPerOffset));
    }),
    { numRuns: 50 },
  );
});
