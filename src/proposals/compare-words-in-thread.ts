import { compareWords } from '../domain/sentences/compare-words.ts';

/** What a thread does: its only import is the pure comparison. */
export default compareWords;
