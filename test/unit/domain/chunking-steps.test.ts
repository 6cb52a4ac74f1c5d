import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { markCuts } from '../../../src/domain/chunking/cut-marks.ts';
import { rankCuts } from '../../../src/domain/chunking/ranked-cuts.ts';
import { cutText } from '../../../src/domain/chunks.ts';
import { createStepCounter } from '../../support/count-steps.ts';

const countSteps = createStepCounter('/src/domain/');

const length = 12_000;
/** A text of single characters or lines has some times as many places for a cut as prose. */
const bound = 5;

let prose: number;
beforeAll(() => {
  prose = stepsPerCharacter(filled(sentence));
});

describe('the steps of cutting a text', () => {
  it('are some per character of prose, and are counted', () => {
    expect(prose).toBeGreaterThan(5);
    expect(prose).toBeLessThan(60);
  });

  it('are as few per character for any text that repeats something', () => {
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
        expect(stepsPerCharacter(filled(pieces.join('')))).toBeLessThan(bound * prose);
      }),
      { numRuns: 80 },
    );
  }, 120_000);

  it('are as few per character for any text at all', () => {
    fc.assert(
      fc.property(fc.array(piece, { minLength: 3_000, maxLength: 6_000, size: 'max' }), (pieces) => {
        expect(stepsPerCharacter(pieces.join(''))).toBeLessThan(bound * prose);
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  it.each(['ascending', 'descending'])(
    'do not grow faster than a long text of lines in %s order of their marks',
    (order) => {
      const short = stepsPerCharacter(inOrder(hangulLines(500), order));
      const long = stepsPerCharacter(inOrder(hangulLines(8_000), order));
      expect(long).toBeLessThan(1.5 * short);
      expect(long).toBeLessThan(bound * prose);
    },
  );

  it.each([
    ...new Set([
      '- alpha beta gamma\n',
      '| a | b |\n',
      '> ',
      '`',
      '```\n',
      '# a\n',
      'a\n',
      '。',
      '\u0301',
      '👨‍👩‍👧',
      'x',
    ]),
  ])('are as many for each of 200,000 characters as for each of 12,000: %j', (pattern) => {
    const short = stepsPerCharacter(filled(pattern));
    expect(stepsPerCharacter(filled(pattern, 200_000))).toBeLessThan(1.3 * short + 1);
  });
});

const sentence = 'The lease ends before the holder knows it, and the next one begins its work. ';

const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
  fc.constantFrom(
    ...[
      '\n',
      '\n\n',
      ' ',
      '\t',
      '    ',
      '# ',
      '- ',
      '1. ',
      '> ',
      '```',
      '~~~',
      '|',
      '---',
      '===',
      '|-|-|',
      '<a ',
      '<!--',
    ],
    ...[
      '.',
      '. ',
      '!)',
      '。',
      '」',
      'a',
      'B',
      '7',
      'xq',
      'é',
      '語',
      '각',
      '😀',
      '🇩🇪',
      '\u0301',
      '\u200d',
      '\ud83d',
      '***',
      '_',
    ],
  ),
);

function filled(pattern: string, characters = length): string {
  return (pattern === '' ? ' ' : pattern)
    .repeat(Math.ceil(characters / Math.max(1, pattern.length)))
    .slice(0, characters);
}

function stepsPerCharacter(text: string): number {
  return countSteps(() => void cutText(`A title\n\n${text}`)) / Math.max(1, text.length);
}

function hangulLines(count: number): string[] {
  let state = 7;
  const letter = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return String.fromCharCode(0xac00 + ((state >>> 8) % 11_172));
  };
  return Array.from({ length: count }, () => Array.from({ length: 27 }, letter).join(''));
}

/** The lines in the order of the marks by which their cuts are chosen, so that each is a better cut than all before it. */
function inOrder(lines: readonly string[], order: string): string {
  const marked = lines.map((line) => ({ line, mark: markCuts(line, rankCuts(line))[0] ?? 0 }));
  marked.sort((a, b) => (order === 'ascending' ? a.mark - b.mark : b.mark - a.mark));
  return marked.map(({ line }) => line).join('\n');
}
