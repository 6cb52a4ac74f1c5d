import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyzeText } from '../../../../src/domain/words/analyze-text.ts';
import { languages } from '../../../../src/domain/words/language.ts';
import { maxTerms, parseQuery } from '../../../../src/domain/words/parse-query.ts';
import { tokenize } from '../../../../src/domain/words/tokenize.ts';
import { lexemesOf, matches } from '../../../support/match-words.ts';
import { oddText } from '../../../support/odd-texts.ts';

const language = fc.option(fc.constantFrom(...languages));
const analyzed = (body: string, known: string | null) =>
  analyzeText({ title: '', tags: [], category: '', body, language: known });

describe('any text', () => {
  it('has tokens in its order that lie within it', () => {
    fc.assert(
      fc.property(oddText, language, (body, known) => {
        let position = 1;
        for (const token of tokenize(body, known)) {
          expect(token.start).toBeLessThan(token.end);
          expect(token.start).toBeGreaterThanOrEqual(0);
          expect(token.end).toBeLessThanOrEqual(body.length);
          expect([position, position + 1]).toContain(token.position);
          expect(token.lexemes.length).toBeGreaterThan(0);
          expect(token.lexemes.filter((lexeme) => lexeme === '' || lexeme === '~')).toEqual([]);
          expect(new Set(token.lexemes).size).toBe(token.lexemes.length);
          position = token.position;
        }
      }),
    );
  });

  it('has each lexeme of a token once, also where folding leaves nothing before a sign', () => {
    const [name] = tokenize('\u06E5\u06E5~getUserById', null);
    expect(name?.lexemes).toEqual(['\u06E5\u06E5~getuserbyid', '~getuserbyid']);
  });

  it.each([
    '1,',
    'a,',
    '1.',
    'v1-',
    'C+',
    'C#',
    'A*',
    "a'",
    '.',
    '/',
    '漢',
    '\u0301',
    '\uD835',
    'a\uD835',
    '1\uDC00',
    '한',
    '-1,',
  ])('may end with any sign: %j', (body) => {
    for (const some of [body, `word ${body}`, body.repeat(3)]) {
      expect(() => analyzed(some, null)).not.toThrow();
      expect(() => parseQuery(some, ['en'])).not.toThrow();
    }
  });

  it('is found by each of its words, in whatever language it is written', () => {
    fc.assert(
      fc.property(oddText, language, (body, known) => {
        const words = analyzed(body, known);
        for (const { start, end, kind } of tokenize(body, known)) {
          if (kind === 'pair' || body.slice(start, end).includes('*')) continue;
          const q = `"${body.slice(start, end).replaceAll('"', ' ')}"`;
          for (const { query } of parseQuery(q, []).terms)
            expect(`${q} ${matches(query, words)}`).toBe(`${q} true`);
        }
      }),
    );
  });

  it('is found by each of its words without quotes as well', () => {
    fc.assert(
      fc.property(oddText, (body) => {
        const words = analyzed(body, null);
        for (const { start, end, kind } of tokenize(body, null)) {
          const q = body.slice(start, end);
          if (kind === 'pair' || /["*-]/.test(q)) continue;
          for (const { query } of parseQuery(q, ['en']).terms)
            expect(`${q} ${matches(query, words)}`).toBe(`${q} true`);
        }
      }),
    );
  });

  it('has offsets that grow, one for every 64 words', () => {
    fc.assert(
      fc.property(oddText, fc.integer({ min: 1, max: 40 }), (body, times) => {
        const { offsets, length } = analyzed(`${body} word `.repeat(times), 'en');
        expect(offsets).toHaveLength(Math.ceil(length / 64));
        expect(offsets.every((offset, index) => index === 0 || offset > (offsets[index - 1] ?? 0))).toBe(
          true,
        );
      }),
    );
  });

  it('is read as a query that asks for something bounded', () => {
    fc.assert(
      fc.property(oddText, fc.array(fc.constantFrom(...languages), { maxLength: 5 }), (q, known) => {
        const { terms, exclusions } = parseQuery(q, known);
        expect(terms.length).toBeLessThanOrEqual(maxTerms);
        expect(new Set(terms.map(({ query }) => query)).size).toBe(terms.length);
        if (terms.length === 0) expect(exclusions).toEqual([]);
        for (const { query, exact, asPrefix } of terms) {
          for (const found of [query, exact, asPrefix])
            if (found !== null) matches(found, { vector: "'a':1" });
        }
      }),
    );
  });

  it('is one of several, as a query that Postgres reads', () => {
    fc.assert(
      fc.property(fc.array(oddText, { minLength: 2, maxLength: 4 }), (texts) => {
        for (const { query, exact } of parseQuery(texts.join(' or '), ['en', 'de']).terms) {
          for (const found of [query, exact]) if (found !== null) matches(found, { vector: "'a':1" });
        }
      }),
    );
  });

  it.each(['ก', 'ー', 'ກ', '漢', '한', 'a', 'ـ'])(
    'has no word that is too long for Postgres: %s',
    (letter) => {
      // A mark that becomes two.
      const { vector } = analyzed(`${letter}${'\u0344'.repeat(8)}`.repeat(200), null);
      const bytes = [...lexemesOf(vector).keys()].map((lexeme) => Buffer.byteLength(lexeme));
      expect(Math.max(...bytes)).toBeLessThanOrEqual(2_046);
    },
  );

  it.each(['\u0640\u0640', '\u06E5\u06E5'])('begins with no empty word: %s', (q) => {
    const [term] = parseQuery(q, ['ar']).terms;
    expect(matches(term?.asPrefix ?? '', { vector: "'a':1" })).toBe(false);
  });

  it('gives the same words however it is composed', () => {
    fc.assert(
      fc.property(oddText, (body) => {
        // Marks that stand alone, or by the dozen, are not told apart.
        fc.pre(
          !/\p{M}{3}|^\p{M}|[^\p{L}\p{M}]\p{M}|\p{Surrogate}|\p{Default_Ignorable_Code_Point}/u.test(body),
        );
        const exact = (some: string) =>
          new Set([...lexemesOf(analyzed(some, 'en').vector).keys()].filter((one) => !one.startsWith('~')));
        expect(exact(body.normalize('NFD'))).toEqual(exact(body.normalize('NFC')));
      }),
    );
  });
});
