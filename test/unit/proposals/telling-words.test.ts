import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenize } from '../../../src/domain/words/tokenize.ts';
import { tellingWords } from '../../../src/proposals/telling-words.ts';

describe('the telling words of a proposal', () => {
  it('are those of every text that says the same in another form', () => {
    const forms = [
      { title: 'Of Ünïcode', body: 'Some "words" of the connection pool.' },
      { title: 'OF ÜNÏCODE', body: '**Some** “words” of the connection pool!' },
      { title: 'of ünïcode', body: '- SOME "words"\n  of the connection pool' },
    ];
    const [first, ...others] = forms.map((form) => tellingWords(form).query?.split(' & ').toSorted());
    expect(first).toContain("'connection'");
    expect(others).toEqual([first, first]);
  });

  it('are twelve of the longest, and none is a part of a word where a long text is cut', () => {
    const body = Array.from(
      { length: 3_000 },
      (_, at) => `${'x'.repeat(at % 30)}y${'z'.repeat(at % 7)}`,
    ).join(' ');
    const words = tellingWords({ title: 'A title', body }).query?.split(' & ') ?? [];
    expect(words).toHaveLength(12);
    const there = new Set(tokenize(body, null).flatMap(({ lexemes }) => lexemes));
    for (const word of words) expect(there).toContain(word.slice(1, -1));
  });

  it('are none of a text without words, and quoted whatever the text', () => {
    expect(tellingWords({ title: '…', body: '' }).query).toBe(null);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), (title, body) => {
        const { query } = tellingWords({ title, body });
        expect(query ?? "'a'").toMatch(/^'(?:[^'\\]|''|\\\\)+'(?: & '(?:[^'\\]|''|\\\\)+')*$/u);
      }),
    );
  });
});
