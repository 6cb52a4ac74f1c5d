import { type AnalyzableText, type AnalyzedText, analyzeInLanguage } from './analyze-in-language.ts';
import { detectLanguage } from './language.ts';

export {
  type AnalyzableText,
  type AnalyzedText,
  maxPosition,
  wordsPerOffset,
} from './analyze-in-language.ts';

/** Analyzes an article's words. Pure: the same text gives the same words. Never fails. */
export function analyzeText(text: AnalyzableText): AnalyzedText {
  return analyzeInLanguage(withLanguage(text));
}

/** The text with the language that is detected where its author has set none. It is read for that as far as 2,000 characters. */
export function withLanguage(text: AnalyzableText): AnalyzableText {
  const { title, body, language } = text;
  return { ...text, language: language ?? detectLanguage(`${title}\n${body.slice(0, 2_000)}`) };
}
