import { isCommonWord } from './common-words.ts';
import { exactForm, foldedForm } from './fold.ts';
import { detectLanguage } from './language.ts';
import { createLexicon, type Lexicon } from './lexicon.ts';
import { optionLexeme } from './name-tokens.ts';
import { type QueryItem, queryItems } from './query-items.ts';
import { type TermTexts, textsOfEither, textsOfPhrase, textsOfPrefix, textsOfWord } from './query-terms.ts';
import { quoteLexeme } from './query-text.ts';
import { soughtIn } from './query-units.ts';
import { scriptOfLanguage } from './scripts.ts';
import { isShellCommand } from './shell-commands.ts';

export { quoteLexeme } from './query-text.ts';

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

// Shorter words have too many neighbours.
const shortestCorrectable = 4;

/** What the words of a query are read by. */
interface Reading {
  readonly lexicon: Lexicon;
  readonly isCommon: (word: string) => boolean;
}

/**
 * Reads a query. `languages` are those of the tenant's articles: a word is sought by its stem in each of them. Pure, and never
 * fails: what cannot be read is taken for words.
 */
export function parseQuery(q: string, languages: readonly string[]): WordsQuery {
  const items = queryItems(q);
  const reading = readingOf(q, languages);
  const isCommandLine = isShellCommand(items[0]?.text ?? '');
  const asked: Term[] = [];
  const left: Exclusion[] = [];
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index];
    if (item === undefined) break;
    const isBehindCommand = isShellCommand(items[index - 1]?.text ?? '') && index > 0;
    const isOption = !item.isQuoted && (isBehindCommand || (isCommandLine && isShort(item)));
    if (isExclusion(item) && !isOption) {
      left.push(...termsOf(item, reading).map((term) => ({ term, asOption: optionOf(item, term) })));
      continue;
    }
    const either = eitherTerm(items, index, reading);
    if (either !== null) {
      asked.push(either.term);
      index = either.last;
      continue;
    }
    asked.push(...termsOf(item, reading));
  }
  if (asked.length === 0)
    return chosen(
      left.map(({ term }) => term),
      [],
      q,
    );
  return chosen(asked, left, q);
}

/** Leaves out common words where there are others, words that come again, and those beyond the bound. */
function chosen(asked: readonly Term[], left: readonly Exclusion[], q: string): WordsQuery {
  const isAll = asked.every(({ isCommon }) => isCommon);
  const ignored: WordsQuery['ignored'][number][] = [];
  const terms = new Map<string, Term>();
  for (const [index, term] of asked.entries()) {
    if (terms.has(term.query)) continue;
    const isLast = index === asked.length - 1 && /[\p{L}\p{M}\p{N}]$/u.test(q);
    if (term.isCommon && !isAll) ignored.push({ typed: term.typed, reason: 'common' });
    else if (terms.size >= maxTerms) ignored.push({ typed: term.typed, reason: 'too_many' });
    else terms.set(term.query, isLast ? term : { ...term, asPrefix: null });
  }
  return { terms: [...terms.values()], exclusions: left.slice(0, maxTerms), ignored };
}

/** What is excluded as the option that it may be, with its dash as articles have it. */
function optionOf({ isQuoted, text }: QueryItem, term: Term): Term {
  if (isQuoted || term.typed !== text) return term;
  const lexeme = optionLexeme(text);
  return { ...term, query: quoteLexeme(lexeme), exact: null, asPrefix: null, marks: [...term.marks, lexeme] };
}

/** Further behind a command (`find . -type f`) a longer word is left to the articles: `python tutorial -java` may exclude. */
const isShort = ({ text }: QueryItem) => Array.from(text).length <= shortOption;
const shortOption = 4;

/** One or two characters or figures behind a dash are an option, and so is what stands behind two dashes. */
function isExclusion({ dashes, text, isQuoted }: QueryItem): boolean {
  if (dashes !== '-') return false;
  return isQuoted || (Array.from(text).length > 2 && !/^\p{N}/u.test(text));
}

/** One of several from an item on (`this or that`), and the last item of it; null where there is no other. */
function eitherTerm(
  items: readonly QueryItem[],
  index: number,
  reading: Reading,
): { readonly term: Term; readonly last: number } | null {
  const first = alternativeOf(items[index], reading);
  if (first === null) return null;
  let { typed } = first;
  let texts = withExact(first);
  let last = index;
  for (;;) {
    const or = items[last + 1];
    const next = or && /^(or|OR|\|\|?)$/.test(or.typed) ? alternativeOf(items[last + 2], reading) : null;
    if (or === undefined || next === null) break;
    typed += ` ${or.typed} ${next.typed}`;
    texts = textsOfEither(texts, withExact(next));
    last += 2;
  }
  if (last === index) return null;
  return { term: { typed, kind: 'either', ...texts, isCommon: false, correctable: null }, last };
}

/** The term of an item that may be one of several; null where it is none, or a common one. */
function alternativeOf(item: QueryItem | undefined, reading: Reading): Term | null {
  if (item === undefined || item.dashes !== '') return null;
  const [one, ...more] = termsOf(item, reading);
  return one === undefined || more.length > 0 || one.isCommon ? null : one;
}

function withExact({ query, exact, marks }: Term): TermTexts {
  return { query, exact: exact ?? query, asPrefix: null, marks };
}

function termsOf(item: QueryItem, { lexicon, isCommon }: Reading): Term[] {
  const { typed, text, isQuoted, isPrefix } = item;
  if (isQuoted) {
    const texts = textsOfPhrase(text);
    return texts === null ? [] : [termOf(typed, 'phrase', texts, null, false)];
  }
  const sought = soughtIn(text, lexicon, { isCommon });
  const last = sought.at(-1);
  return sought.map((some) => {
    const part = text.slice(some.start, some.end);
    if (isPrefix && some === last) return termOf(`${part}*`, 'prefix', textsOfPrefix(some), null, false);
    const plain = some.kind === 'word' ? foldedForm(exactForm(part)) : null;
    return termOf(part, 'word', textsOfWord(some), plain, plain !== null && isCommon(plain));
  });
}

function termOf(
  typed: string,
  kind: Term['kind'],
  { query, exact, asPrefix, marks }: ReturnType<typeof textsOfWord>,
  plain: string | null,
  isCommon: boolean,
): Term {
  const isCorrectable =
    plain !== null && /^\p{L}+$/u.test(plain) && Array.from(plain).length >= shortestCorrectable;
  return {
    ...{ typed, kind, query, exact: exact === query ? null : exact, asPrefix, marks, isCommon },
    correctable: isCorrectable && !isCommon ? plain : null,
  };
}

function readingOf(q: string, languages: readonly string[]): Reading {
  const detected = detectLanguage(q);
  const words = q.split(/[^\p{L}\p{M}\p{N}'’]+/u).map((word) => foldedForm(exactForm(word)));
  // A word that is common in one language is a rare one of another, but not where the languages have different letters.
  const spoken = languages.filter(
    (language) =>
      scriptOfLanguage(language) !== 'latin' ||
      words.filter((word) => isCommonWord(word, language)).length > 1,
  );
  const asian = /\p{Script=Hiragana}|\p{Script=Katakana}/u.test(q) ? 'ja' : 'zh';
  const lists = new Set([detected ?? 'en', asian, ...spoken]);
  return {
    lexicon: createLexicon([...new Set([...languages, detected, null])]),
    isCommon: (word) => [...lists].some((language) => isCommonWord(word, language)),
  };
}
