import type { ArticleSource } from '../domain/article-text.ts';
import { analyzerVersion } from '../domain/words/analyzer-version.ts';
import { quoteLexeme } from '../domain/words/query-text.ts';
import { tokenize } from '../domain/words/tokenize.ts';

/** Words that each article has which says all of a proposal. */
export interface TellingWords {
  readonly version: number;
  /** The text of a tsquery; null where a proposal has no words. */
  readonly query: string | null;
}

/** The most characters of a body in which they are looked for, and the most words. */
const maxCharacters = 2_000;
const maxWords = 12;

/** Finds them, in their exact form: that is the same in any language, case and markup. The longest are the rarest. */
export function tellingWords({ title, body }: ArticleSource): TellingWords {
  const start = body.slice(0, maxCharacters);
  // The last word of a text that is cut may be a part of one.
  const whole = body.length > maxCharacters ? start.replace(/\S{0,99}$/u, '') : start;
  const found = new Set<string>();
  for (const text of [title, whole]) {
    for (const { kind, lexemes } of tokenize(text, null)) {
      const [exact] = lexemes;
      if (kind === 'word' && exact !== undefined) found.add(exact);
    }
  }
  const telling = [...found].sort((a, b) => b.length - a.length).slice(0, maxWords);
  const query = telling.map(quoteLexeme).join(' & ');
  return { version: analyzerVersion, query: query === '' ? null : query };
}
