import { analyzeInLanguage } from '../../domain/words/analyze-in-language.ts';

/** What a thread does: its only import is the pure analyzer. */
export default analyzeInLanguage;
