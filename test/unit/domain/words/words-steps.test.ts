import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { analyzeText } from '../../../../src/domain/words/analyze-text.ts';
import { parseQuery } from '../../../../src/domain/words/parse-query.ts';
import { createStepCounter } from '../../../support/count-steps.ts';

const countSteps = createStepCounter('/src/domain/');

const length = 12_000;
/** A text of single letters or signs has some times as many words and names as prose. */
const bound = 8;

let prose: number;
beforeAll(() => {
  prose = stepsPerCharacter(filled(sentence));
});

describe('the steps of finding the words of a text', () => {
  it('are some per character of prose, and are counted', () => {
    expect(prose).toBeGreaterThan(3);
    expect(prose).toBeLessThan(60);
  });

  it('are as few per character for any text that repeats something', () => {
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
        expect(stepsPerCharacter(filled(pieces.join('')))).toBeLessThan(bound * prose);
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it.each([
    ...[
      'a',
      'A',
      'aB',
      '1a',
      'é',
      'e\u0301',
      '\u0301',
      '\u200B',
      '\u00AD',
      'ß',
      '漢',
      'か',
      'ｶﾞ',
      '한',
      '각'.normalize('NFD'),
      'ก',
      '\u1161',
    ],
    ...[
      '-',
      '.',
      'a.',
      'a-B1',
      "a'",
      "'",
      '/',
      '://',
      'a::',
      'ﷺ',
      '𐀀',
      '𠀀',
      '👍',
      '\uD800',
      ' ',
      '\n',
      '# ',
      '#\n',
      '```\n',
      '"',
      '`a',
      '=\n',
      '\u3099',
    ],
  ])('are as many for each of 100,000 characters as for each of 12,000: %j', (pattern) => {
    const short = stepsPerCharacter(filled(pattern));
    expect(stepsPerCharacter(filled(pattern, 100_000))).toBeLessThan(1.3 * short + 1);
    expect(short).toBeLessThan(bound * prose);
  });

  it('are no more for many words that are all different', () => {
    const different = (count: number) =>
      Array.from({ length: count }, (_, index) => `w${index.toString(36)}`).join(' ');
    const [short, long] = [different(2_000), different(30_000)];
    expect(stepsPerCharacter(long)).toBeLessThan(1.3 * stepsPerCharacter(short) + 1);
  });
});

describe('the steps of reading a query', () => {
  it.each(['a', '"', '“a', '-', '-a ', 'a*', 'a or ', '漢', 'a.b', "a'", '\u0301', '「'])(
    'are no more than for some words: %j',
    (pattern) => {
      const steps = countSteps(() => parseQuery(filled(pattern, 500), ['en', 'de', 'zh']));
      expect(steps).toBeLessThan(100_000);
    },
  );
});

const sentence = 'The lease ends before the holder knows it, and the next one begins its work. ';

const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
  fc.constantFrom(
    ...[
      '\n',
      '# ',
      '-',
      '_',
      '.',
      "'",
      '漢字',
      'テスト',
      '한국',
      'ค้น',
      '\u0301',
      '\u200B',
      'aB',
      '1',
      '://',
      'C++',
      '```\n',
    ],
  ),
);

function filled(pattern: string, count = length): string {
  return pattern.repeat(Math.ceil(count / Math.max(pattern.length, 1))).slice(0, count);
}

function stepsPerCharacter(body: string): number {
  const steps = countSteps(() => analyzeText({ title: '', tags: [], category: '', body, language: 'en' }));
  return steps / Math.max(body.length, 1);
}
