import { derivedMark } from './word-forms.ts';

const either = ' | ';

/** A lexeme as a tsquery or a tsvector has it, so that no character of it is read as an operator. */
export function quoteLexeme(lexeme: string): string {
  return `'${lexeme.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** A lexeme as a tsquery has all those that begin with it. */
export function quotePrefix(lexeme: string): string {
  return `${quoteLexeme(lexeme)}:*`;
}

/** The word itself and where it is a form of another, for each of the lexemes. */
export function bothForms(lexemes: readonly string[]): string[] {
  const both = lexemes.flatMap((lexeme) => {
    const form = lexeme.startsWith(derivedMark) ? lexeme.slice(derivedMark.length) : lexeme;
    return [form, derivedMark + form];
  });
  return [...new Set(both)];
}

/** The text of a tsquery that one of two texts satisfies, whatever these are made of. */
export function eitherOf(one: string, other: string): string {
  return one === other ? one : one + either + other;
}

/**
 * The text of a tsquery that any of several texts satisfies; null where there is none. Each has alternatives without brackets, or is in
 * brackets as a whole.
 */
export function anyOf(queries: readonly (string | null)[]): string | null {
  const some = queries.filter((query) => query !== null);
  const alternatives = new Set(
    some.flatMap((query) => (query.startsWith('(') ? [query] : query.split(either))),
  );
  return some.length === 0 ? null : [...alternatives].join(either);
}

/** A step of a phrase: its place among the words, and the text of a tsquery for one word. */
export interface PhraseStep {
  readonly position: number;
  readonly query: string;
}

/** The text of a tsquery for words that stand behind one another; null where there is none. */
export function phraseOf(steps: readonly PhraseStep[]): string | null {
  const [first, ...others] = steps;
  if (first === undefined) return null;
  if (others.length === 0) return first.query;
  let text = inBrackets(first.query);
  let before = first.position;
  for (const { position, query } of others) {
    const distance = position - before;
    text += ` <${distance === 1 ? '-' : distance}> ${inBrackets(query)}`;
    before = position;
  }
  return `(${text})`;
}

function inBrackets(query: string): string {
  return query.includes(either) ? `(${query})` : query;
}
