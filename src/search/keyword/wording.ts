import type { Term } from '../../domain/words/parse-query.ts';

/** A term by which articles are ranked. */
export interface WeightedTerm {
  /** The text of a tsquery that articles with the term match. */
  readonly query: string;
  /** The texts of tsqueries of single words whose occurrences count for the term. */
  readonly words: readonly string[];
  /** The text of a tsquery for the very form, null where it is not told apart. */
  readonly exact: string | null;
  /** The number of published articles with the term. */
  readonly count: number;
  /** How much it says: the rarer, the more. */
  readonly weight: number;
}

/** What articles are ranked by. */
export interface Wording {
  /** The terms that some article has, the rarest first. */
  readonly terms: readonly WeightedTerm[];
  readonly averageLength: number;
  /** The text of a tsquery that each article has to match, null where some of the terms suffice. */
  readonly needed: string | null;
  /** The text of a tsquery that no article may match; null where the query excludes nothing. */
  readonly excluded: string | null;
  readonly someSuffice: boolean;
}

/** The most single words that are counted for a term. Each costs two readings of the words of every article with the term. */
const maxWords = 4;

/** Weighs a term by the number of articles that have it (BM25's inverse document frequency). */
export function weighTerm(term: Term, count: number, articles: number): WeightedTerm {
  const of = Math.max(articles, count);
  return {
    query: term.query,
    words: singleWords(term.query).slice(0, maxWords),
    exact: term.exact,
    count,
    weight: inverseFrequency(count, of),
  };
}

/** The weight of a term that `count` of the articles have. */
export function inverseFrequency(count: number, articles: number): number {
  return Math.log(1 + (Math.max(articles, count) - count + 0.5) / (count + 0.5));
}

const token = /'(?:[^'\\]|''|\\[\s\S])*'(?::\*)?|[()|&!]|<(?:-|\d+)>/g;

/** The alternatives of a tsquery that are a word of their own: of `'a' | 'b' <-> 'c'` it is `'a'`. */
export function singleWords(query: string): string[] {
  const words: string[] = [];
  let alternative: string[] = [];
  let depth = 0;
  const close = () => {
    const [only, ...others] = alternative.filter((part) => part !== '(' && part !== ')');
    if (only?.startsWith("'") && others.length === 0) words.push(only);
    alternative = [];
  };
  for (const [part] of query.matchAll(token)) {
    if (part === '(') depth += 1;
    if (part === ')') depth -= 1;
    if (part === '|' && depth === 0) close();
    else alternative.push(part);
  }
  close();
  return [...new Set(words)];
}
