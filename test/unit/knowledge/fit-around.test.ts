import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateTokens } from '../../../src/domain/tokens.ts';
import { fitAround } from '../../../src/knowledge/fit-around.ts';

const paragraph = (i: number) => `Paragraph ${i} is about animals, and about what they eat on a day of rain.`;
const text = Array.from({ length: 60 }, (_, i) => paragraph(i)).join('\n\n');

describe('the part of a text around a place', () => {
  it('is the whole text if it fits', () => {
    expect(fitAround('One. Two.', 5, 100)).toMatchObject({ text: 'One. Two.', start: 0, truncated: false });
  });

  it('begins and ends with paragraphs, and has the place within', () => {
    const at = text.indexOf(paragraph(40));
    const { text: part, truncated } = fitAround(text, at, 200);
    expect(truncated).toBe(true);
    expect(part).toContain(paragraph(40));
    expect(part.split('\n\n').every((each) => text.split('\n\n').includes(each))).toBe(true);
    expect(part.startsWith(paragraph(40))).toBe(false);
  });

  it('uses the room in front where little stands behind', () => {
    const { text: part, tokens } = fitAround(text, text.length - 10, 200);
    expect(part.endsWith(text.slice(-60))).toBe(true);
    expect(tokens).toBeGreaterThan(150);
  });

  it('is a part of the text with the place, and never more than its tokens', () => {
    const piece = fc.constantFrom(
      'word ',
      'Ende. ',
      '日本語',
      '\n\n',
      '\n',
      '🦉',
      'e\u0301',
      '    ',
      'x'.repeat(40),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 200 }),
        fc.nat(1_000),
        fc.integer({ min: 50, max: 300 }),
        (pieces, place, max) => {
          const whole = pieces.join('');
          const at = Math.min(place, whole.length);
          const { text: part, start, tokens, truncated } = fitAround(whole, at, max);
          expect(tokens).toBe(Math.ceil(estimateTokens(part)));
          expect(tokens).toBeLessThanOrEqual(max);
          expect(whole.startsWith(part, start)).toBe(true);
          expect(truncated).toBe(part !== whole);
          expect(start).toBeLessThanOrEqual(at);
        },
      ),
    );
  });
});
