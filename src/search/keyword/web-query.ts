/**
 * A web-search query as a tree, read from the text of the tsquery that Postgres has made of it
 * (`'retri' & !'storm' | 'a' <-> 'b'`). So its words are cut and stemmed by Postgres itself, and can be replaced.
 */
export type WebQuery =
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'not'; readonly of: WebQuery }
  | {
      readonly kind: 'and' | 'or' | 'phrase';
      /** The operator as it is written. That of a phrase holds the distance of its words. */
      readonly operator: string;
      readonly left: WebQuery;
      readonly right: WebQuery;
    };

const token = /\s*('(?:[^'\\]|''|\\[\s\S])*'(?::[*A-D]+)?|<(?:-|\d+)>|[&|!()])/gy;
/** From weakest to strongest. */
const operators: readonly { readonly kind: 'or' | 'and' | 'phrase'; readonly pattern: RegExp }[] = [
  { kind: 'or', pattern: /^\|$/ },
  { kind: 'and', pattern: /^&$/ },
  { kind: 'phrase', pattern: /^</ },
];

/** Reads the text of a tsquery; undefined when it is empty. Throws when it is not a tsquery. */
export function readWebQuery(text: string): WebQuery | undefined {
  const tokens = [...text.matchAll(token)].map(([, found = '']) => found);
  if (tokens.length === 0 && text.trim() === '') return undefined;
  let at = 0;

  const operand = (): WebQuery => {
    const next = tokens[at];
    at += 1;
    if (next === '!') return { kind: 'not', of: operand() };
    if (next === '(') {
      const inside = chain(0);
      if (tokens[at] !== ')') throw new Error('the text of a tsquery lacks a bracket');
      at += 1;
      return inside;
    }
    if (!next?.startsWith("'")) throw new Error('the text of a tsquery lacks a word');
    return { kind: 'word', word: next.slice(1, next.lastIndexOf("'")).replace(/''|\\([\s\S])/g, unquoted) };
  };

  /** A chain of operands by the operators of one strength. */
  const chain = (strength: number): WebQuery => {
    const level = operators[strength];
    if (level === undefined) return operand();
    let left = chain(strength + 1);
    for (;;) {
      const operator = tokens[at];
      if (operator === undefined || !level.pattern.test(operator)) return left;
      at += 1;
      left = { kind: level.kind, operator, left, right: chain(strength + 1) };
    }
  };

  const query = chain(0);
  if (at < tokens.length) throw new Error('the text of a tsquery goes on where it should end');
  return query;
}

function unquoted(_: string, escaped: string | undefined): string {
  return escaped ?? "'";
}

/** The query as the text of a tsquery again. */
export function writeWebQuery(query: WebQuery): string {
  switch (query.kind) {
    case 'word':
      return quoteWord(query.word);
    case 'not':
      return `!(${writeWebQuery(query.of)})`;
    case 'and':
    case 'or':
    case 'phrase':
      return `(${writeWebQuery(query.left)} ${query.operator} ${writeWebQuery(query.right)})`;
  }
}

/** One word as a tsquery. It is quoted, so that no character of it is read as an operator. */
export function quoteWord(word: string): string {
  return `'${word.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** The words to find, each once, in the order of the query. */
export function wantedWords(query: WebQuery): string[] {
  const words = (part: WebQuery): string[] => {
    switch (part.kind) {
      case 'word':
        return [part.word];
      case 'not':
        return [];
      case 'and':
      case 'or':
      case 'phrase':
        return [...words(part.left), ...words(part.right)];
    }
  };
  return [...new Set(words(query))];
}

/** The query with each operand of an "and" or an "or" once. A repeated one costs a test of every article and changes nothing. */
export function withoutRepeats(query: WebQuery): WebQuery {
  switch (query.kind) {
    case 'word':
    // A phrase may repeat a word: "very very good" is not "very good".
    case 'phrase':
      return query;
    case 'not':
      return { kind: 'not', of: withoutRepeats(query.of) };
    case 'and':
    case 'or': {
      const { kind, operator } = query;
      const distinct = new Map(
        operandsOf(query, kind)
          .map(withoutRepeats)
          .map((operand) => [writeWebQuery(operand), operand]),
      );
      return [...distinct.values()].reduce((left, right) => ({ kind, operator, left, right }));
    }
  }
}

/** The operands of a chain of one operator, in order. */
function operandsOf(query: WebQuery, kind: 'and' | 'or'): WebQuery[] {
  return query.kind === kind ? [...operandsOf(query.left, kind), ...operandsOf(query.right, kind)] : [query];
}

/** The negated parts of the query. */
function exclusions(query: WebQuery): WebQuery[] {
  switch (query.kind) {
    case 'word':
      return [];
    case 'not':
      return [query];
    case 'and':
    case 'or':
    case 'phrase':
      return [...exclusions(query.left), ...exclusions(query.right)];
  }
}

/** The text of a tsquery that matches every article that the query excludes; undefined when it excludes nothing. */
export function excludedBy(query: WebQuery): string | undefined {
  const excluded = (part: WebQuery): WebQuery[] => {
    if (part.kind === 'not') return [part.of];
    // In `this or -that` the negated part excludes nothing: an article may match the other part.
    return part.kind === 'and' ? [...excluded(part.left), ...excluded(part.right)] : [];
  };
  return excluded(query).map(writeWebQuery).join(' | ') || undefined;
}

/** The query with some of its words replaced. */
export function replaceWords(query: WebQuery, replacements: ReadonlyMap<string, string>): WebQuery {
  switch (query.kind) {
    case 'word':
      return { kind: 'word', word: replacements.get(query.word) ?? query.word };
    case 'not':
      // Negated words stay as they were typed: a wrong guess would hide articles.
      return query;
    case 'and':
    case 'or':
    case 'phrase':
      return {
        ...query,
        left: replaceWords(query.left, replacements),
        right: replaceWords(query.right, replacements),
      };
  }
}

/** The text of a tsquery that matches articles with any of these words, except what the query excludes. */
export function anyOf(query: WebQuery, words: readonly string[]): string {
  return [`(${anyWord(words)})`, ...exclusions(query).map(writeWebQuery)].join(' & ');
}

/** The text of a tsquery that matches texts with any of these words. */
export function anyWord(words: readonly string[]): string {
  return words.map(quoteWord).join(' | ');
}

/** The number of words in the query: a repeated one counts each time, and a negated one too. */
export function countWords(query: WebQuery): number {
  switch (query.kind) {
    case 'word':
      return 1;
    case 'not':
      return countWords(query.of);
    case 'and':
    case 'or':
    case 'phrase':
      return countWords(query.left) + countWords(query.right);
  }
}
