import type { Heading, Statement, Statements } from './statements.ts';

/** Which of a proposal's statements an article does not say. */
export type Unsaid = (article: Statements) => Statement[];

/** What a statement has to stand under: the nearest heading, and the one above it. */
interface Need {
  readonly statement: Statement;
  readonly sentence: number;
  readonly under: number;
  readonly above: number;
}

/** Keeps the two numbers of a pair apart in one. No text has as many statements. */
const width = 2 ** 24;
const none = width - 1;

/**
 * Prepares a proposal for the comparison with articles. An article says a statement where it stands in it under the same heading,
 * however many headings are between; where it has several of that name, the heading above must be the same, too. A heading is said by
 * any equal sentence. Repetition and order do not count. The steps are as many as both texts are long.
 */
export function createUnsaid(proposal: Statements): Unsaid {
  const numbers = new Map<string, number>();
  const numberOf = (folded: string) => {
    const known = numbers.get(folded);
    if (known !== undefined) return known;
    numbers.set(folded, numbers.size);
    return numbers.size - 1;
  };
  const needs = proposal.all.map((statement): Need => {
    const { folded, under } = statement;
    return {
      statement,
      sentence: numberOf(folded),
      under: under === undefined ? none : numberOf(under.folded),
      above: under?.above === undefined ? none : numberOf(under.above.folded),
    };
  });

  return (article) => {
    const repeated = repeatedHeadings(article);
    const anywhere = new Set<number>();
    /** By the numbers of sentence and heading: what stands above the heading. */
    const found = new Map<number, Set<number>>();
    const wanted = new Set(needs.map(({ sentence, under }) => sentence * width + under));
    for (const { folded, under } of article.all) {
      const sentence = numbers.get(folded);
      if (sentence === undefined) continue;
      anywhere.add(sentence);
      const path = pathOf(under, numbers);
      for (const heading of path) {
        const pair = sentence * width + heading;
        if (!wanted.has(pair)) continue;
        const above = found.get(pair) ?? new Set();
        for (const each of path) above.add(each);
        found.set(pair, above);
      }
    }
    const isSaid = ({ statement, sentence, under, above }: Need) => {
      if (statement.under === undefined) return anywhere.has(sentence);
      const standsUnder = found.get(sentence * width + under);
      if (standsUnder === undefined) return false;
      return above === none || !repeated.has(statement.under.folded) || standsUnder.has(above);
    };
    return needs.filter((need) => !isSaid(need)).map(({ statement }) => statement);
  };
}

/** The numbers of what a statement stands under, those that the proposal has, too. */
function pathOf(under: Heading | undefined, numbers: ReadonlyMap<string, number>): number[] {
  const path: number[] = [];
  for (let heading = under; heading !== undefined; heading = heading.above) {
    const number = numbers.get(heading.folded);
    if (number !== undefined) path.push(number);
  }
  return path;
}

/** The names of headings that an article has several of. */
function repeatedHeadings({ all }: Statements): Set<string> {
  const first = new Map<string, Heading>();
  const repeated = new Set<string>();
  for (const { under } of all) {
    for (let heading = under; heading !== undefined; heading = heading.above) {
      const other = first.get(heading.folded);
      if (other === undefined) first.set(heading.folded, heading);
      else if (other !== heading) repeated.add(heading.folded);
      else break;
    }
  }
  return repeated;
}
