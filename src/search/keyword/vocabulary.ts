import { similarityOf, trigramsOf } from './trigrams.ts';
import type { KnownWord, SimilarityBounds, SimilarWord } from './vocabulary-read-model.ts';

/** The words of a tenant's newest articles, at hand. */
export interface Vocabulary {
  /** What its words take of the memory, at most. */
  readonly bytes: number;
  /** The words that are spelt like these, as the database would choose them. */
  similarTo(words: readonly string[], bounds: SimilarityBounds): SimilarWord[];
}

/** What a word takes beside its letters, which take two bytes at most. Measured on words of eight letters: 150 to 180 in all. */
const bytesOfWord = 165;

/**
 * So many words are compared with each one that is asked for, which keeps the event loop for ten milliseconds at most. A vocabulary of prose
 * has fewer with the same first letters and about the same length; one that was written against this costs nobody else more.
 */
const maxCompared = 5_000;

/**
 * Keeps words by their first letter and their length, because few words are compared by their trigrams then. The commonest come
 * first in the list.
 */
export function createVocabulary(words: readonly KnownWord[]): Vocabulary {
  const byShape = new Map<string, KnownWord[]>();
  let bytes = 0;
  for (const each of words) {
    const shape = shapeOf(String.fromCodePoint(each.word.codePointAt(0) ?? 0), Array.from(each.word).length);
    const others = byShape.get(shape);
    if (others === undefined) byShape.set(shape, [each]);
    else others.push(each);
    bytes += bytesOfWord + 2 * each.word.length;
  }
  /** The nearest lengths first, so that these are compared where there are too many. */
  const listCompared = (word: string, lengthDifference: number) => {
    const characters = Array.from(word);
    const firsts = [...new Set(characters.slice(0, 2))];
    const differences = Array.from({ length: lengthDifference + 1 }, (_, by) => (by === 0 ? [0] : [-by, by]));
    return differences
      .flat()
      .flatMap((by) => firsts.flatMap((first) => byShape.get(shapeOf(first, characters.length + by)) ?? []))
      .slice(0, maxCompared);
  };
  return {
    bytes,
    similarTo: (asked, { leastSimilarity, lengthDifference, each }) =>
      asked.flatMap((word) => {
        const trigrams = trigramsOf(word);
        return listCompared(word, lengthDifference)
          .map((known) => ({ known, similarity: similarityOf(trigrams, trigramsOf(known.word)) }))
          .filter(({ similarity }) => similarity >= Math.fround(leastSimilarity))
          .sort(
            (left, right) =>
              right.similarity - left.similarity || (left.known.word < right.known.word ? -1 : 1),
          )
          .slice(0, each)
          .map(({ known }) => ({ word, known: known.word, articles: known.articles }));
      }),
  };
}

const shapeOf = (first: string, length: number): string => `${first}${length}`;
