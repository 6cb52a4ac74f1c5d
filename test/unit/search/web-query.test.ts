import { describe, expect, it } from 'vitest';
import {
  anyOf,
  quoteWord,
  readWebQuery,
  replaceWords,
  wantedWords,
  withoutRepeats,
  writeWebQuery,
} from '../../../src/search/keyword/web-query.ts';

describe('the text of a tsquery', () => {
  it.each([
    ["'a'", "'a'"],
    ["'a' & 'b' | 'c'", "(('a' & 'b') | 'c')"],
    ["'a' | 'b' & 'c'", "('a' | ('b' & 'c'))"],
    ["'a' & ( 'b' | 'c' )", "('a' & ('b' | 'c'))"],
    ["'retri' & !( 'circuit' <-> 'breaker' ) | 'x'", "(('retri' & !(('circuit' <-> 'breaker'))) | 'x')"],
    ["'a' <-> 'b' <2> 'c' & !'d'", "((('a' <-> 'b') <2> 'c') & !('d'))"],
    ["'it''s' & 'x\\\\y'", "('it''s' & 'x\\\\y')"],
    ["'&' | '!' <-> ')'", "('&' | ('!' <-> ')'))"],
  ])('%s is read as %s', (text, written) => {
    expect(writeWebQuery(read(text))).toBe(written);
    expect(writeWebQuery(read(written))).toBe(written);
  });

  it('is nothing when it is empty', () => {
    expect(readWebQuery('')).toBeUndefined();
  });

  it.each(["'a' &", "( 'a'", "'a' 'b'", 'a', "'a' )"])('is not read when it is none: %s', (text) => {
    expect(() => readWebQuery(text)).toThrow();
  });
});

describe('the words of a query', () => {
  it('are those that are wanted, each once, in their order', () => {
    expect(wantedWords(read("'b' & 'a' <-> 'b' & !'c' | !( 'd' & 'e' )"))).toEqual(['b', 'a']);
  });

  it('are replaced where they are wanted, and left where they are not', () => {
    const replaced = replaceWords(read("'a' <-> 'b' & !'a'"), new Map([['a', "x'y"]]));
    expect(writeWebQuery(replaced)).toBe("(('x''y' <-> 'b') & !('a'))");
  });

  it('can be any of them, without what is excluded', () => {
    const query = read("'a' & 'b' & !'c' & !( 'd' <-> 'e' )");
    expect(anyOf(query, wantedWords(query))).toBe("('a' | 'b') & !('c') & !(('d' <-> 'e'))");
  });

  it.each([
    ["'a' & 'a' & 'b' & 'a'", "('a' & 'b')"],
    ["'a' & 'a'", "'a'"],
    ["'a' | 'b' | 'a'", "('a' | 'b')"],
    ["'a' & 'b' | 'b' & 'a' | 'a' & 'b' & 'b'", "(('a' & 'b') | ('b' & 'a'))"],
    ["( 'a' | 'b' | 'a' ) & 'c' & ( 'a' | 'b' )", "(('a' | 'b') & 'c')"],
    ["!'a' & !'a' & !( 'b' & 'b' )", "(!('a') & !('b'))"],
    ["'a' <-> 'a' & 'a' <-> 'a' & 'a'", "(('a' <-> 'a') & 'a')"],
    ["'a' <-> ( 'b' & 'b' )", "('a' <-> ('b' & 'b'))"],
  ])('are there once, but in phrases: %s is %s', (text, once) => {
    expect(writeWebQuery(withoutRepeats(read(text)))).toBe(once);
  });

  it('are no operators, whatever is in them', () => {
    expect(quoteWord("a' | \\'b")).toBe("'a'' | \\\\''b'");
    expect(wantedWords(read(quoteWord("a' | \\'b")))).toEqual(["a' | \\'b"]);
  });
});

function read(text: string) {
  const query = readWebQuery(text);
  if (query === undefined) throw new Error('empty');
  return query;
}
