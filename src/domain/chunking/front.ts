import { bodyStartOf } from '../article-text.ts';
import { estimateTokens, startWithin } from '../tokens.ts';

/** The most estimated tokens of a title in front of each chunk of a text that has several. */
export const maxTitleTokens = 60;

/** No text of more characters is as short as a chunk. */
const shortCharacters = 4_000;

/**
 * The title that stands in front of the chunks of a text: whole where one chunk holds everything, otherwise as much of it as has
 * a place in front of each. None where there is no body: the title is then what is cut.
 */
export function titleInFront(text: string, maxTokens: number): string {
  const bodyStart = bodyStartOf(text);
  if (bodyStart === text.length) return '';
  const title = text.slice(0, bodyStart - 2);
  const isShort = text.length <= shortCharacters && estimateTokens(text) <= maxTokens;
  return isShort ? title : startWithin(title, maxTitleTokens);
}

/** The text that is embedded: title and headings, a line each, a blank line, and the passage. */
export function withFront(title: string, path: string, passage: string): string {
  const front = [title, path].filter((line) => line !== '').join('\n');
  return front === '' || passage === '' ? front + passage : `${front}\n\n${passage}`;
}
