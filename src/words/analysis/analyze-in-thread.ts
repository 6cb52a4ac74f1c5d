import { analyzeText } from '../../domain/words/analyze-text.ts';

/** What a thread does: its only import is the pure analyzer. */
export default analyzeText;
