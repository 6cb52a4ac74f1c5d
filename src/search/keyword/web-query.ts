/**
 * A web-search query as Postgres has parsed it: the text of a tsquery (`'retri' & !'storm' | 'a' <-> 'b'`) as a tree, so that
 * words of it can be looked at and replaced without guessing how the parser cuts and stems them.
 */
export type WebQuery =
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'not'; readonly of: WebQuery }
  | {
      readonly kind: 'and' | 'or' | 'phrase';
      /** The operator as it is written: a phrase's says how far its words are apart. */
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

/** Reads the text of a tsquery; undefined for an empty one. Throws at what no tsquery looks like. */
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

/** One word as a tsquery: whatever is in it, it is no operator. */
export function quoteWord(word: string): string {
  return `'${word.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** The words that are wanted, each once, in the order of the query. */
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

/** The same query with each operand of an "and" or an "or" once: each repeated one costs a look at every article, and says nothing. */
export function withoutRepeats(query: WebQuery): WebQuery {
  switch (query.kind) {
    case 'word':
    // The words of a phrase have their places: "very very good" is not "very good".
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

/** The operands of a chain of one operator, in their order. */
function operandsOf(query: WebQuery, kind: 'and' | 'or'): WebQuery[] {
  return query.kind === kind ? [...operandsOf(query.left, kind), ...operandsOf(query.right, kind)] : [query];
}

/** The parts of the query that say what must not be there. */
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

/** The text of a tsquery that is satisfied by what the query excludes whatever else is in it; undefined where it excludes nothing. */
export function excludedBy(query: WebQuery): string | undefined {
  const excluded = (part: WebQuery): WebQuery[] => {
    if (part.kind === 'not') return [part.of];
    // In `this or -that` the exclusion is only one of two ways to be found.
    return part.kind === 'and' ? [...excluded(part.left), ...excluded(part.right)] : [];
  };
  return excluded(query).map(writeWebQuery).join(' | ') || undefined;
}

/** The same query with some of its words replaced. */
export function replaceWords(query: WebQuery, replacements: ReadonlyMap<string, string>): WebQuery {
  switch (query.kind) {
    case 'word':
      return { kind: 'word', word: replacements.get(query.word) ?? query.word };
    case 'not':
      // What must not be there is taken as it was typed: a guess would hide articles.
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

/** The text of a tsquery that any of these words satisfies, but for what the query excludes. */
export function anyOf(query: WebQuery, words: readonly string[]): string {
  const any = `(${words.map(quoteWord).join(' | ')})`;
  return [any, ...exclusions(query).map(writeWebQuery)].join(' & ');
}
