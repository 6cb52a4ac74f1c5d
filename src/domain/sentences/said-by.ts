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

/** Of the places where a sentence stands under headings of one name, only so many are looked at: another one is taken for none. */
const maxPlaces = 50;
/**
 * Only so many headings above a sentence are looked at. Lines that end with a colon stand under each other without end; what is further
 * up is taken for nothing.
 */
const maxAbove = 24;

/**
 * Prepares a proposal for the comparison with articles. An article says a statement where it stands in it under the same heading, however
 * many headings are between, and that heading under the same one, or behind it on one level, so that another level of a heading changes
 * nothing. A heading is said by any equal sentence. Repetition and order do not count. The steps are as many as both texts are long.
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
  const wanted = new Set(needs.map(({ sentence, under }) => sentence * width + under));

  return (article) => {
    const anywhere = new Set<number>();
    /** By the numbers of sentence and heading: the headings of that name that the sentence stands under. */
    const places = new Map<number, Set<Heading>>();
    for (const { folded, under } of article.all) {
      const sentence = numbers.get(folded);
      if (sentence === undefined) continue;
      anywhere.add(sentence);
      for (const heading of fromHere(under)) {
        const name = numbers.get(heading.folded);
        if (name === undefined || !wanted.has(sentence * width + name)) continue;
        const found = places.get(sentence * width + name) ?? new Set();
        if (found.size < maxPlaces) found.add(heading);
        places.set(sentence * width + name, found);
      }
    }
    const isBehind = createIsBehind(article);
    /** The answers so far, by what stands above and the pair of sentence and heading: a text may repeat itself. */
    const known = new Map<number, Map<number, boolean>>();
    const isSaid = ({ statement, sentence, under, above }: Need) => {
      if (statement.under === undefined) return anywhere.has(sentence);
      const found = places.get(sentence * width + under);
      if (found === undefined) return false;
      const name = statement.under.above?.folded;
      if (above === none || name === undefined) return true;
      const answers = known.get(above) ?? new Map<number, boolean>();
      known.set(above, answers);
      const pair = sentence * width + under;
      const isThere =
        answers.get(pair) ?? [...found].some((heading) => isUnder(heading, name) || isBehind(heading, name));
      answers.set(pair, isThere);
      return isThere;
    };
    return needs.filter((need) => !isSaid(need)).map(({ statement }) => statement);
  };
}

function isUnder({ above }: Heading, name: string): boolean {
  for (const heading of fromHere(above)) if (heading.folded === name) return true;
  return false;
}

/** A heading and those above it, the nearest first. */
function* fromHere(first: Heading | undefined): Generator<Heading> {
  let heading = first;
  for (let count = 0; heading !== undefined && count < maxAbove; count += 1) {
    yield heading;
    heading = heading.above;
  }
}

/** Whether a heading comes behind one of this name that stands under the same one. */
function createIsBehind({ all }: Statements): (heading: Heading, name: string) => boolean {
  const first = new Map<Heading, Map<string, number>>();
  const seen = new Set<Heading>();
  for (const { under } of all) {
    for (let heading = under; heading !== undefined && !seen.has(heading); heading = heading.above) {
      seen.add(heading);
      if (heading.above === undefined || heading.order === 0) continue;
      const names = first.get(heading.above) ?? new Map<string, number>();
      names.set(heading.folded, Math.min(heading.order, names.get(heading.folded) ?? heading.order));
      first.set(heading.above, names);
    }
  }
  return ({ above, order }, name) => {
    const place = above === undefined ? undefined : first.get(above)?.get(name);
    return place !== undefined && place < order;
  };
}
