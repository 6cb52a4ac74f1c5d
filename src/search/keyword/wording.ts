import type { Term } from '../../domain/words/parse-query.ts';

/** A term by which articles are ranked. The texts are those of tsqueries. */
export interface WeightedTerm {
  /** What articles with the term match. */
  readonly query: string;
  /** Its forms, of which the most frequent counts: each is a word, and the same word where it was derived from another. */
  readonly forms: readonly { readonly query: string; readonly size: number }[];
  /** What articles with the very form match. */
  readonly exact: string;
  /** What articles with the term in the title match. */
  readonly inTitle: string;
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
  /** The part of the query that some article has, by the weights of its terms. */
  readonly known: number;
  /** The text of a tsquery that each article has to match, null where some of the terms suffice. */
  readonly needed: string | null;
  /** The text of a tsquery that no article may match; null where the query excludes nothing. */
  readonly excluded: string | null;
  /** Whether articles with all of the terms come before those with some, however much these have of them. */
  readonly allFirst: boolean;
  /** Whether the counts of the terms are those of all articles with them. An option of a command is counted beside the other words alone. */
  readonly countsAll: boolean;
  /** Whether some of the terms suffice. */
  readonly someSuffice: boolean;
}

/**
 * Up to so many terms, articles with all of them come first, as people expect of a few words. Longer queries are sentences: tried
 * on five judged collections, to put all of the words first cost half of a hundredth to a whole one there.
 */
export const maxAllFirst = 4;

/** The most forms of a term that are counted: its own, and its stem in two languages. */
const maxForms = 3;

/** Weighs a term by the number of articles that have it. */
export function weighTerm({ query, exact }: Term, count: number, articles: number): WeightedTerm {
  return {
    query,
    forms: formsOf(query).slice(0, maxForms),
    exact: exact ?? query,
    inTitle: query.replace(lexeme, (each) => (each.endsWith('*') ? `${each}A` : `${each}:A`)),
    count,
    weight: inverseFrequency(count, articles),
  };
}

/** BM25's inverse document frequency: the weight of a term that `count` of the articles have. */
export function inverseFrequency(count: number, articles: number): number {
  return Math.log(1 + (Math.max(articles, count) - count + 0.5) / (count + 0.5));
}

const lexeme = /'(?:[^'\\]|''|\\[\s\S])*'(?::\*)?/g;
const token = /'(?:[^'\\]|''|\\[\s\S])*'(?::\*)?|[()|&!]|<(?:-|\d+)>/g;

/**
 * The forms of a term: those alternatives of its tsquery that are a word of their own, and not the chain of a name's parts. A form
 * and its derived one (`~`) stand at different places of a text, so their occurrences add up.
 */
export function formsOf(query: string): WeightedTerm['forms'] {
  const forms = new Map<string, string[]>();
  let alternative: string[] = [];
  let depth = 0;
  const close = () => {
    const [only, ...others] = alternative.filter((part) => part !== '(' && part !== ')');
    if (only?.startsWith("'") && others.length === 0) {
      const plain = only.replace(/^'~/, "'");
      forms.set(plain, [...new Set([...(forms.get(plain) ?? []), only])]);
    }
    alternative = [];
  };
  for (const [part] of query.matchAll(token)) {
    if (part === '(') depth += 1;
    if (part === ')') depth -= 1;
    if (part === '|' && depth === 0) close();
    else alternative.push(part);
  }
  close();
  return [...forms.values()].map((words) => ({ query: words.join(' | '), size: words.length }));
}
