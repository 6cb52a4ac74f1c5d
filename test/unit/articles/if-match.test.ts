import { describe, expect, it } from 'vitest';
import { entityTag, meets, parseIfMatch } from '../../../src/articles/if-match.ts';

describe('If-Match', () => {
  it.each([undefined, '*', ' * '])('%s is any revision', (header) => {
    const expected = parseIfMatch(header);
    expect(expected).toEqual({ kind: 'any' });
    expect(expected && meets(expected, 7)).toBe(true);
  });

  it('takes the entity tag that an answer gave', () => {
    const expected = parseIfMatch(entityTag(3));
    expect(expected && meets(expected, 3)).toBe(true);
    expect(expected && meets(expected, 4)).toBe(false);
  });

  it('takes one of several', () => {
    const expected = parseIfMatch('"1", "3"');
    expect(expected && meets(expected, 3)).toBe(true);
    expect(expected && meets(expected, 2)).toBe(false);
  });

  it.each(['', '3', '"3', 'W/"3"', '"3",', '"-1"', '"3" "4"', '"99999999999"'])(
    '%s is malformed',
    (header) => {
      expect(parseIfMatch(header)).toBeUndefined();
    },
  );
});
