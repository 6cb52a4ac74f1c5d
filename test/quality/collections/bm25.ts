import createEngine from 'wink-bm25-text-search';
import { isCommonWord } from '../../../src/domain/words/common-words.ts';
import { detectLanguage } from '../../../src/domain/words/language.ts';
import { stemOf } from '../../../src/domain/words/stems.ts';
import type { CollectionDocument } from './collection.ts';

/** Ranks documents for a query, best first, by id. */
export type Rank = (query: string) => readonly string[];

const depth = 100;

/** BM25 as the package computes it (k1 1.2, b 0.75), over the stems of each text's language without its stop words. */
export function createBm25(documents: readonly CollectionDocument[]): Rank {
  const engine = createEngine();
  engine.defineConfig({ fldWeights: { text: 1 }, bm25Params: { k1: 1.2, b: 0.75 } });
  engine.definePrepTasks([stemsOf]);
  for (const { id, title, text } of documents) engine.addDoc({ text: `${title}\n${text}` }, id);
  // The package rounds to as many places.
  engine.consolidate(9);
  return (query) => engine.search(query, depth).map(([id]) => id);
}

/** The stems of a text's words, without common ones. A short text of no certain language is taken for English. */
function stemsOf(text: string): string[] {
  const language = detectLanguage(text) ?? 'en';
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return words.filter((word) => !isCommonWord(word, language)).map((word) => stemOf(word, language) ?? word);
}
