import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateTokens } from '../../../src/domain/tokens.ts';
import { charactersPerToken, truncateToTokens } from '../../../src/knowledge/truncate-to-tokens.ts';

describe('a text that is fitted into a number of tokens', () => {
  it('is left as it is where it has room, to the last blank', () => {
    const text = '  One\r\n\r\nTwo.\n\n';
    expect(truncateToTokens(text, tokensOf(text))).toEqual({
      text,
      tokens: tokensOf(text),
      truncated: false,
    });
    expect(truncateToTokens('', 0)).toEqual({ text: '', tokens: 0, truncated: false });
  });

  it.each([
    [
      'a paragraph',
      'One two three four.\n\nFive six. Seven.\nEight\n\nNine ten',
      'One two three four.\n\nFive six. Seven.\nEight',
    ],
    ['a paragraph between odd blanks', 'One two three four.\r\n \t\r\nFive six', 'One two three four.'],
    ['a line', 'One two three four.\nFive. Six seven', 'One two three four.'],
    ['a sentence', 'One two "three four?" Five six', 'One two "three four?"'],
    ['a sentence without blanks', '一二三四五六七。八九', '一二三四五六七。'],
    ['a word', 'one two three four five', 'one two three four'],
    ['a character, whole, where there is no word', '👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', '👩‍👩‍👧👩‍👩‍👧'],
  ])('ends behind %s', (_, text, expected) => {
    // One token less than all of it: something has to go.
    const last = truncateToTokens(text, estimateTokens(text) - 0.1);
    expect(last).toEqual({ text: expected, tokens: tokensOf(expected), truncated: true });
  });

  it('ends between two words where a better end would lose more than half of the room', () => {
    const text = `Short.\n\n${'word '.repeat(50)}`;
    expect(truncateToTokens(text, 40).text).toMatch(/^Short\.\n\n(word )+word$/);
  });

  it('is never more than there is room for, and always the beginning of the text', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('\n\n', '\r\n', ' ', '. ', 'word ', '語', ' '.repeat(30), '👩‍👩‍👧'),
    );
    const texts = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(texts, fc.integer({ min: -5, max: 200 }), (text, maxTokens) => {
        const fitted = truncateToTokens(text, maxTokens);
        expect(text.startsWith(fitted.text)).toBe(true);
        expect(fitted.tokens).toBe(tokensOf(fitted.text));
        if (fitted.text !== '') expect(fitted.tokens).toBeLessThanOrEqual(maxTokens);
        expect(fitted.truncated).toBe(text !== '' && estimateTokens(text) > maxTokens);
      }),
    );
  });

  it('is cut alike when only the characters that can have room are read', () => {
    for (const unit of [
      ' ',
      '\t',
      '\n',
      'a',
      'word ',
      'ab12 ',
      'A',
      '7',
      '語',
      '\u0301',
      '👩‍👩‍👧',
      `${' '.repeat(16)}a`,
    ]) {
      const text = unit.repeat(2_000);
      const read = Array.from(text)
        .slice(0, charactersPerToken * 100)
        .join('');
      expect(truncateToTokens(read, 100), JSON.stringify(unit)).toEqual(truncateToTokens(text, 100));
    }
  });
});

function tokensOf(text: string) {
  return Math.ceil(estimateTokens(text));
}
