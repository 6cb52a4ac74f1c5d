import { bodyStartOf } from '../article-text.ts';
import { tagKeys } from '../tag-key.ts';
import { centitokens, startWithin } from '../tokens.ts';
import { atomEnd } from './atoms.ts';
import { withFront } from './front.ts';
import { createSentenceEnds } from './sentence-ends.ts';

/** The card of an article: what it is about, in one short text. */
export interface Card {
  /** What a reader is shown: the first sentences, or the title where there are none. */
  readonly text: string;
  /** What is embedded. */
  readonly input: string;
}

/** The most estimated tokens of each part. Together they stay within those of a chunk. */
const maxCardTitleTokens = 240;
const maxTagTokens = 90;
const maxSentenceTokens = 120;
const hundredth = 100;

/**
 * Makes the card of an article's text: title, tags and first sentences. Its hash does not depend on the order or the case of the
 * tags. The time is bounded, however long the text is.
 */
export function cardOf(text: string, tags: readonly string[]): Card {
  const bodyStart = bodyStartOf(text);
  const title = startWithin(text.slice(0, Math.min(bodyStart, text.length)).trim(), maxCardTitleTokens);
  const tagLine = startWithin(tagKeys(tags).join(', '), maxTagTokens);
  const sentences = firstSentences(text.slice(bodyStart, bodyStart + maxRead).trim());
  return { text: sentences === '' ? title : sentences, input: withFront(title, tagLine, sentences) };
}

/** No more characters have room on a card. */
const maxRead = 2_000;

/** The sentences at the beginning of a text that fit, or the words of its first where that one is longer. */
function firstSentences(text: string): string {
  const endsSentence = createSentenceEnds();
  let weight = 0;
  let sentenceEnd = 0;
  for (let start = 0, end: number; start < text.length; start = end) {
    end = atomEnd(text, start);
    if (endsSentence(text.charCodeAt(start))) sentenceEnd = start;
    weight += centitokens(text, start, end);
    if (weight > maxSentenceTokens * hundredth) {
      const fitting = text.slice(0, start);
      const wordEnd = fitting.search(/\s\S*$/);
      return text.slice(0, sentenceEnd > 0 ? sentenceEnd : wordEnd > 0 ? wordEnd : start).trim();
    }
  }
  return text;
}
