import { describe, expect, it } from 'vitest';
import { chooseSpellings, countSlips, mayBeMisspelt } from '../../../src/search/keyword/spelling.ts';

describe('the slips between two words', () => {
  it.each([
    ['canari', 'canari', 0],
    ['canari', 'canri', 1],
    ['canari', 'canarii', 1],
    ['canari', 'cenari', 1],
    ['canari', 'acnari', 1],
    ['receiv', 'reciev', 1],
    ['abcd', 'badc', 2],
    ['', 'abc', 3],
    ['größe', 'grösse', 2],
    ['🦉a', 'a🦉', 1],
  ])('%s and %s: %i', (left, right, slips) => {
    expect(countSlips(left, right)).toBe(slips);
    expect(countSlips(right, left)).toBe(slips);
  });
});

describe('the spelling of a misspelt word', () => {
  const choose = (word: string, ...known: (readonly [string, number])[]) =>
    chooseSpellings(known.map(([each, articles]) => ({ word, known: each, articles }))).get(word);

  it('is the one with the fewest slips, and of those the one in most articles', () => {
    expect(choose('partitoin', ['partion', 9], ['partition', 1])).toBe('partition');
    expect(choose('scale', ['stale', 2], ['scalp', 5], ['shale', 3])).toBe('scalp');
  });

  it('has one slip in a word of four letters, two in one of eight, and none in a shorter one', () => {
    expect(choose('eror', ['error', 1])).toBe('error');
    expect(choose('erar', ['error', 1])).toBeUndefined();
    expect(choose('certfcat', ['certificat', 1])).toBe('certificat');
    expect(choose('ner', ['new', 1])).toBeUndefined();
  });

  it('begins with the same letter, or with the first two swapped', () => {
    expect(choose('feed', ['need', 9])).toBeUndefined();
    expect(choose('ukbernet', ['kubernet', 1])).toBe('kubernet');
  });

  it('is found for a last y, which the stemmer makes an i', () => {
    expect(choose('flakey', ['flaki', 1])).toBe('flaki');
  });

  it('is a word of letters', () => {
    expect(choose('partitoin', ['partitoi1', 1])).toBeUndefined();
  });

  it.each([
    ['kubernets', true],
    ['größse', true],
    ['err', false],
    ['err_4413', false],
    ['sha256', false],
    ['a-b-c-d', false],
  ])('is looked for: %s, %s', (word, misspelt) => {
    expect(mayBeMisspelt(word)).toBe(misspelt);
  });
});
