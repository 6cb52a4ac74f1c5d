import { isPointed } from './pointed-words.ts';
import { wordsOf } from './statement-words.ts';
import type { Statement } from './statements.ts';

/** A passage of a proposal, and the nearest one of an article, which says something else. */
export interface Difference {
  readonly proposal: string;
  readonly existing: string;
}

/** The most pairs that are shown, and the longest passage, in characters. */
const maxDifferences = 10;
const maxPassage = 200;
/** What stands before the first difference of two long passages. */
const shownBefore = 60;

/** The most statements whose nearest ones are looked for. */
const maxLookedFor = 100;
/** A word that stands in more statements says little about which one is near. */
const maxPostings = 300;
/** The most statements that are compared with one, those that share most words with it. */
const maxCompared = 8;
/** Two statements are a pair if they share this much of their words. */
const pairFrom = 0.5;

/**
 * Finds the passages of an article that statements it does not say are nearest to, so that a reader sees what a proposal changes. Those
 * with another number, name, unit or negation come first, then those with the fewest other words.
 */
export function differencesOf(unsaid: readonly Statement[], existing: readonly Statement[]): Difference[] {
  const proposed = telling(unsaid, existing)
    .slice(0, maxLookedFor)
    .map((statement) => ({ statement, words: wordsOf(statement.folded) }));
  const sought = new Set(proposed.flatMap(({ words }) => [...words]));
  const sizes: number[] = [];
  const postings = new Map<string, number[]>();
  for (const [at, { folded }] of existing.entries()) {
    const words = wordsOf(folded);
    sizes.push(words.size);
    for (const word of words) {
      if (!sought.has(word)) continue;
      const list = postings.get(word) ?? [];
      if (list.length < maxPostings) list.push(at);
      postings.set(word, list);
    }
  }

  const pairs = proposed.flatMap(({ statement, words }) => {
    const near = nearestOf(words, sizes, postings);
    let best: { other: Statement; alike: number } | undefined;
    for (const at of near) {
      const other = existing[at];
      if (other === undefined) continue;
      const alike = likeness(words, wordsOf(other.folded));
      if (best === undefined || alike > best.alike) best = { other, alike };
    }
    if (best === undefined || best.alike < pairFrom) return [];
    const { other } = best;
    // Of equal sentences under two headings little is to be seen: they come last.
    const isSame = statement.folded === other.folded;
    const alike = isSame ? 0 : best.alike;
    return [
      { ...passages(statement, other), alike, pointed: !isSame && isPointed(statement.text, other.text) },
    ];
  });
  return pairs
    .sort((a, b) => Number(b.pointed) - Number(a.pointed) || b.alike - a.alike)
    .slice(0, maxDifferences)
    .map(({ proposal, existing: passage }) => ({ proposal, existing: passage }));
}

/** Without the sentences that an article holds under another heading, where the heading itself is what differs. */
function telling(unsaid: readonly Statement[], existing: readonly Statement[]): Statement[] {
  const own = new Set(unsaid.map(({ folded }) => folded));
  const there = new Set(existing.map(({ folded }) => folded));
  return unsaid.filter(
    ({ folded, under }) => under === undefined || !there.has(folded) || !own.has(under.folded),
  );
}

/** The statements that share most words with these. */
function nearestOf(
  words: ReadonlySet<string>,
  sizes: readonly number[],
  postings: ReadonlyMap<string, readonly number[]>,
): number[] {
  const shared = new Map<number, number>();
  for (const word of words) {
    const list = postings.get(word) ?? [];
    for (const at of list) shared.set(at, (shared.get(at) ?? 0) + 1 + 1 / list.length);
  }
  const score = ([at, count]: readonly [number, number]) => count / (words.size + (sizes[at] ?? 0));
  return [...shared]
    .sort((a, b) => score(b) - score(a))
    .slice(0, maxCompared)
    .map(([at]) => at);
}

/** The share of words that two statements have in common, 1 if all. */
function likeness(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let shared = 0;
  for (const word of one) if (other.has(word)) shared += 1;
  return (2 * shared) / Math.max(1, one.size + other.size);
}

/** Both as they are shown. Equal statements differ in what they stand under. */
function passages(proposed: Statement, existing: Statement): Difference {
  const shown = ({ text, under }: Statement) =>
    proposed.folded === existing.folded && under !== undefined
      ? `${under.text.slice(0, maxPassage / 2)} › ${text}`
      : text;
  const [one, other] = [oneLine(shown(proposed)), oneLine(shown(existing))];
  const from = Math.max(0, commonStart(one, other) - shownBefore);
  return { proposal: clipped(one, from), existing: clipped(other, from) };
}

/** Only so much of a passage is looked at. */
const maxLookedAt = 20_000;
const oneLine = (text: string) => text.slice(0, maxLookedAt).replace(/\s+/gu, ' ');

function commonStart(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}

function clipped(text: string, from: number): string {
  if (text.length <= maxPassage) return text;
  const start = Math.min(from, text.length - maxPassage + 2);
  const piece = text.slice(start, start + maxPassage - 2);
  const whole = `${start > 0 ? '…' : ''}${piece}${start + piece.length < text.length ? '…' : ''}`;
  // A pair of surrogates may be cut at either end.
  return whole.replace(/\p{Surrogate}/gu, '');
}
