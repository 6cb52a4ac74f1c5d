import { tokenize } from './tokenize.ts';

/** Something that a query asks for: a word, a joined name, a phrase in quotes, one of several (`this or that`). */
export interface Term {
  /** As it stands in the query. */
  readonly typed: string;
  readonly kind: 'word' | 'phrase' | 'prefix' | 'either';
  /** The text of a tsquery that every article with the term matches, in any of its forms. */
  readonly query: string;
  /** The text of a tsquery for the term as it was typed; null where `query` finds nothing else. */
  readonly exact: string | null;
  /** The text of a tsquery for words that begin with it; null where that makes no sense. Only the last word of a query has one. */
  readonly asPrefix: string | null;
  /** The lexemes that are marked in snippets; one that ends in `*` stands for all that begin so. */
  readonly marks: readonly string[];
  /** A stop word of one of the languages, which says little about what is sought. */
  readonly isCommon: boolean;
  /** The folded word whose spelling may be wrong; null for names, numbers, phrases and short words. */
  readonly correctable: string | null;
}

/** What `-word` asks for: to leave articles out, or an option of a command (`tar -xvf`). */
export interface Exclusion {
  readonly term: Term;
  /** The option as a term that is asked for: the index decides by whether an article with the rest has it so. */
  readonly asOption: Term;
}

/** A query as it was understood. */
export interface WordsQuery {
  /** What is asked for, each once, in the order of the query. Common words are here only where they are asked for. */
  readonly terms: readonly Term[];
  readonly exclusions: readonly Exclusion[];
  /** What was left out of the terms, as it was typed. */
  readonly ignored: readonly { readonly typed: string; readonly reason: 'common' | 'too_many' }[];
}

/** The most terms of a query that are weighed. */
export const maxTerms = 24;

/**
 * Reads a query. `languages` are those of the tenant's articles: a word is sought by its stem in each of them. Pure, and never
 * fails: what cannot be read is taken for words.
 */
export function parseQuery(q: string, _languages: readonly string[]): WordsQuery {
  const seen = new Map<string, Term>();
  for (const { start, end, lexemes } of tokenize(q, 'en')) {
    const typed = q.slice(start, end);
    const query = lexemes.map(quoteLexeme).join(' | ');
    const exact = lexemes.length > 1 ? quoteLexeme(lexemes[0] ?? '') : null;
    const term: Term = {
      ...{ typed, kind: 'word', query, exact, asPrefix: null },
      ...{ marks: lexemes, isCommon: false, correctable: lexemes[0] ?? null },
    };
    seen.set(query, term);
  }
  return { terms: [...seen.values()].slice(0, maxTerms), exclusions: [], ignored: [] };
}

/** A lexeme as a tsquery or a tsvector has it, so that no character of it is read as an operator. */
export function quoteLexeme(lexeme: string): string {
  return `'${lexeme.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
