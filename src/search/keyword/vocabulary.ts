import { similarityOf, trigramsOf } from './trigrams.ts';
import type { KnownWord, SimilarityBounds, SimilarWord } from './vocabulary-read-model.ts';

/** The words of a tenant's newest articles, at hand. */
export interface Vocabulary {
  /** The number of its words. */
  readonly size: number;
  /** The words that are spelt like these, as the database would choose them. */
  similarTo(words: readonly string[], bounds: SimilarityBounds): SimilarWord[];
}

interface Spelt extends KnownWord {
  readonly length: number;
}

/** Keeps words by their first letters, because few words are compared by their trigrams then. */
export function createVocabulary(words: readonly KnownWord[]): Vocabulary {
  const byFirst = new Map<string, Spelt[]>();
  for (const each of words) {
    const first = String.fromCodePoint(each.word.codePointAt(0) ?? 0);
    const spelt = { ...each, length: Array.from(each.word).length };
    const others = byFirst.get(first);
    if (others === undefined) byFirst.set(first, [spelt]);
    else others.push(spelt);
  }
  return {
    size: words.length,
    similarTo: (asked, { leastSimilarity, lengthDifference, each }) =>
      asked.flatMap((word) => {
        const characters = Array.from(word);
        const trigrams = trigramsOf(word);
        return [...new Set(characters.slice(0, 2))]
          .flatMap((first) => byFirst.get(first) ?? [])
          .filter(({ length }) => Math.abs(length - characters.length) <= lengthDifference)
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
