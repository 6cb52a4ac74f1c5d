/** What is marked in snippets: the terms of the query. */
export interface Marks {
  readonly terms: readonly {
    /** Those of all its forms and parts; one that ends in `*` stands for all that begin so. */
    readonly lexemes: readonly string[];
    /** How much a passage gains by it. */
    readonly weight: number;
  }[];
}

/** One of the marks, by its number, and the number of its term. */
export interface Mark {
  readonly id: number;
  readonly term: number;
}

export interface MarkedTerm {
  readonly weight: number;
  readonly lexemes: number;
}

/** Finds the marks of a text's lexemes. */
export interface Marker {
  /** The lexemes to look for, as they are. */
  readonly exact: readonly string[];
  /** The beginnings of lexemes to look for. */
  readonly prefixes: readonly string[];
  /** The weight of each term, and the number of its lexemes. */
  readonly terms: readonly MarkedTerm[];
  /** The marks that a lexeme of a text stands for; none of most. */
  marksOf(lexeme: string): readonly Mark[];
}

/** The most lexemes that are looked for: a query of 24 terms has several forms of each. */
const maxLexemes = 600;

/** A marker for a query. */
export function createMarker({ terms }: Marks): Marker {
  const exact = new Map<string, Mark[]>();
  const prefixes = new Map<string, Mark[]>();
  let id = 0;
  terms.forEach(({ lexemes }, term) => {
    for (const word of lexemes) {
      id += 1;
      if (id > maxLexemes) return;
      const isPrefix = word.length > 1 && word.endsWith('*');
      const known = isPrefix ? prefixes : exact;
      const key = isPrefix ? word.slice(0, -1) : word;
      known.set(key, [...(known.get(key) ?? []), { id, term }]);
    }
  });
  return {
    exact: [...exact.keys()],
    prefixes: [...prefixes.keys()],
    terms: terms.map(({ lexemes, weight }) => ({ weight, lexemes: lexemes.length })),
    marksOf(lexeme) {
      const found = exact.get(lexeme) ?? [];
      if (prefixes.size === 0) return found;
      const longer = [...prefixes].flatMap(([prefix, marks]) => (lexeme.startsWith(prefix) ? marks : []));
      return longer.length === 0 ? found : [...found, ...longer];
    },
  };
}
