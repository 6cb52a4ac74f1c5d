import { parseQuery, type Term, type WordsQuery } from '../../domain/words/parse-query.ts';
import type { Marks } from '../passages/marks.ts';
import { inverseFrequency, maxAllFirst, type WeightedTerm, type Wording, weighTerm } from './wording.ts';
import type { WordStatistics } from './words-read-model.ts';

/** How a term is sought: as it was typed, as the beginning of words, or by a word that some article has. */
export type SoughtAs = 'typed' | 'prefix' | { readonly word: string };

/** What the articles say of a query. The first page finds it out, and later pages use it again. */
export interface QueryResolution extends WordStatistics {
  /** Whether words are sought that say little, because no other word of the query is in any article. */
  readonly withCommon: boolean;
  /** For each term of the query how it is sought, and the number of articles that have it so. */
  readonly terms: readonly { readonly as: SoughtAs; readonly count: number }[];
  /** For each exclusion of the query whether it is the option of a command. */
  readonly options: readonly { readonly isOption: boolean; readonly count: number }[];
}

/** What became of a word of the query. */
export interface WordReport {
  readonly word: string;
  readonly status: WordStatus;
  /** What was sought instead. */
  readonly instead?: string;
}

/** What may become of a word. */
export const wordStatuses = [
  'matched',
  'unknown',
  'corrected',
  'prefix',
  'common',
  'excluded',
  'option',
  'too_many',
] as const;
export type WordStatus = (typeof wordStatuses)[number];

/** A query as it is sought. */
export interface Sought {
  readonly wording: Wording;
  readonly marks: Marks;
  readonly words: readonly WordReport[];
  /** The part of the query that some article has, by weight: 1 is all of it. */
  readonly known: number;
}

/** A last word of fewer letters that no article has is a weak sign for the words that begin with it: `flu` is no `fluent`. */
const guessedPrefix = 5;

/** The term that is sought for one of the query; undefined for a word that is none. */
export function soughtTerm(term: Term, as: SoughtAs, languages: readonly string[]): Term | undefined {
  if (as === 'typed') return term;
  if (as === 'prefix') {
    if (term.asPrefix === null) return undefined;
    return { ...term, kind: 'prefix', query: term.asPrefix, exact: null, marks: prefixMarks(term) };
  }
  return parseQuery(as.word, languages).terms[0];
}

function prefixMarks({ typed, marks }: Term): readonly string[] {
  return [`${marks[0] ?? typed}*`];
}

/** Puts a query together with what the articles say of it. */
export function seek(query: WordsQuery, resolution: QueryResolution): Sought {
  const { articles, averageLength, languages } = resolution;
  const terms: WeightedTerm[] = [];
  const needed: string[] = [];
  const marked: Marks['terms'][number][] = [];
  const words: WordReport[] = [];
  let unknownWeight = 0;

  const add = (term: Term, count: number) => {
    const weighed = weighTerm(term, count, articles);
    terms.push(weighed);
    marked.push({ lexemes: term.marks, weight: weighed.weight });
    if (term.kind === 'phrase') needed.push(term.query);
  };

  query.terms.forEach((typed, index) => {
    const { as, count } = resolution.terms[index] ?? { as: 'typed', count: 0 };
    const term = soughtTerm(typed, as, languages);
    if (count === 0 && typed.isCommon && resolution.withCommon) {
      words.push({ word: typed.typed, status: 'common' });
      return;
    }
    if (count === 0 || term === undefined) {
      unknownWeight += inverseFrequency(0, articles);
      words.push({ word: typed.typed, status: 'unknown' });
      return;
    }
    add(term, count);
    // A short beginning may be that of any word, so it stands for half of what was asked.
    if (as === 'prefix' && typed.typed.length < guessedPrefix)
      unknownWeight += inverseFrequency(count, articles);
    words.push(reportOf(typed, as));
  });
  const excluded: string[] = [];
  query.exclusions.forEach(({ term, asOption }, index) => {
    const { isOption, count } = resolution.options[index] ?? { isOption: false, count: 0 };
    if (isOption) {
      add(asOption, count);
      words.push({ word: asOption.typed, status: 'option' });
      return;
    }
    if (query.terms.length > 0) excluded.push(`(${term.query})`);
    words.push({ word: asOption.typed, status: query.terms.length > 0 ? 'excluded' : 'unknown' });
  });
  for (const { typed, reason } of query.ignored) words.push({ word: typed, status: reason });

  const weight = terms.reduce((sum, term) => sum + term.weight, 0);
  const known = weight === 0 ? 0 : weight / (weight + unknownWeight);
  return {
    wording: {
      terms: terms.toSorted((left, right) => right.weight - left.weight),
      averageLength,
      known,
      needed: needed.length === 0 ? null : needed.map((each) => `(${each})`).join(' & '),
      excluded: excluded.length === 0 ? null : excluded.join(' | '),
      allFirst: terms.length <= maxAllFirst,
      countsAll: !resolution.options.some(({ isOption }) => isOption),
      someSuffice: terms.length > 1 && needed.length < terms.length,
    },
    marks: { terms: marked },
    words,
    known,
  };
}

function reportOf({ typed, asPrefix }: Term, as: SoughtAs): WordReport {
  if (as === 'typed') return { word: typed, status: 'matched' };
  if (as === 'prefix' && asPrefix !== null) return { word: typed, status: 'prefix', instead: `${typed}*` };
  if (as === 'prefix') return { word: typed, status: 'unknown' };
  return { word: typed, status: 'corrected', instead: as.word };
}
