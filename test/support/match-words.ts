import { type AnalyzedText, analyzeText } from '../../src/domain/words/analyze-text.ts';
import { parseQuery } from '../../src/domain/words/parse-query.ts';

/** Where a part of a query is matched: the positions of its last words. */
type Found = readonly number[];
type Lexemes = ReadonlyMap<string, Found>;

/** The languages of a tenant with articles in several. */
const languages = ['en', 'de', 'fr', 'es', 'ru', 'ar', 'zh', 'ja'];

/** How an article is found by a query: all words as they are typed, all in some form, some of them, or none. */
export function howFound(body: string, q: string, language: string | null = null) {
  const words = analyzeText({ title: '', tags: [], category: '', body, language });
  const { terms } = parseQuery(q, languages);
  const has = terms.filter(({ query }) => matches(query, words));
  if (has.length < terms.length || has.length === 0) return has.length > 0 ? 'in part' : 'not';
  return has.every(({ query, exact }) => matches(exact ?? query, words)) ? 'exactly' : 'in a form';
}

/**
 * Whether the text of a tsquery matches that of a tsvector, as Postgres would say: the operators that `parseQuery` writes, read by
 * a few lines, so that what is found can be told without a database.
 */
export function matches(query: string, { vector }: Pick<AnalyzedText, 'vector'>): boolean {
  return evaluate(query, lexemesOf(vector)).length > 0;
}

/** The lexemes of a vector's text with their positions. */
export function lexemesOf(vector: string): Lexemes {
  const lexemes = new Map<string, Found>();
  for (const [, quoted = '', at = ''] of vector.matchAll(/'((?:[^'\\]|''|\\\\)*)':([\d,ABCD]+)/g)) {
    lexemes.set(
      unquoted(quoted),
      at.split(',').map((place) => Number.parseInt(place, 10)),
    );
  }
  return lexemes;
}

function unquoted(text: string): string {
  return text.replaceAll("''", "'").replaceAll('\\\\', '\\');
}

function evaluate(query: string, lexemes: Lexemes): Found {
  const tokens = [...query.matchAll(/'((?:[^'\\]|''|\\\\)*)'(:\*)?|[()|]|<(-|\d+)>/g)];
  const rest = query.replace(/'((?:[^'\\]|''|\\\\)*)'(:\*)?|[()|]|<(-|\d+)>/g, '').trim();
  if (rest !== '') throw new Error(`not read: ${rest}`);
  let at = 0;
  const either = (): Found => {
    const found = new Set(phrase());
    while (tokens[at]?.[0] === '|') {
      at += 1;
      for (const place of phrase()) found.add(place);
    }
    return [...found];
  };
  const phrase = (): Found => {
    let found = word();
    for (let sign = tokens[at]?.[3]; sign !== undefined; sign = tokens[at]?.[3]) {
      at += 1;
      const distance = sign === '-' ? 1 : Number(sign);
      const next = word();
      const before = new Set(found);
      found = next.filter((place) => before.has(place - distance));
    }
    return found;
  };
  const word = (): Found => {
    const token = tokens[at];
    at += 1;
    if (token === undefined) throw new Error(`ends too early: ${query}`);
    if (token[0] === '(') {
      const found = either();
      if (tokens[at]?.[0] !== ')') throw new Error(`not closed: ${query}`);
      at += 1;
      return found;
    }
    if (token[1] === undefined || token[1] === '') throw new Error(`no word: ${query}`);
    const lexeme = unquoted(token[1]);
    if (token[2] === undefined) return lexemes.get(lexeme) ?? [];
    return [...lexemes].filter(([known]) => known.startsWith(lexeme)).flatMap(([, places]) => places);
  };
  const found = either();
  if (at !== tokens.length) throw new Error(`not read to its end: ${query}`);
  return found;
}
