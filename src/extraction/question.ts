import { randomBytes } from 'node:crypto';
import type { ExtractionText, Subject } from './extraction.ts';
import { instructionsFor } from './instructions.ts';

/** A question to the model: the part that is the same in each call, and the part that changes. */
export interface Question {
  readonly system: string;
  readonly prompt: string;
}

/**
 * The question about a passage. Title and headings come from the stranger as well, so they stand between the marks. The marks hold
 * a word that is drawn for each call, which no text can know beforehand.
 *
 * Lost: a fixed mark whose copies in the text are escaped, because a model reads a copy that is nearly the same as the mark.
 */
export function questionAbout(kind: Subject['kind'], text: ExtractionText, maxArticles: number): Question {
  const word = randomBytes(12).toString('hex');
  const lines = [
    `Write at most ${maxArticles} ${maxArticles === 1 ? 'article' : 'articles'} about this passage.`,
    '',
    `<passage ${word}>`,
    ...(text.title === null ? [] : [`Title: ${oneLine(text.title)}`]),
    ...(text.path.length === 0 ? [] : [`Headings: ${text.path.map(oneLine).join(' > ')}`]),
    '',
    text.text,
    `</passage ${word}>`,
  ];
  return { system: instructionsFor(kind), prompt: lines.join('\n').replace(loneSurrogate, '\ufffd') };
}

/** Where a text was cut, half of a pair may be left, which providers refuse. */
const loneSurrogate = /[\ud800-\udfff]/gu;

const maxHeading = 300;

const oneLine = (text: string) => text.replace(/\s+/gu, ' ').trim().slice(0, maxHeading);
