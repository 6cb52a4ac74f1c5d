import { hash } from 'node:crypto';
import { tagKeys } from './tag-key.ts';
import { hasVisible } from './visible-text.ts';

/** The parts of an article that are embedded. */
export type ArticleSource = {
  readonly title: string;
  readonly body: string;
  readonly tags?: readonly string[];
};

/**
 * The text of an article as it is cut and hashed: title, blank line, body. A body of which nothing is visible is none.
 *
 * Texts that read the same become the same text, so that saving an article from another machine buys no vectors: line ends
 * become `\n`, and Unicode becomes NFC (composed and decomposed accents are equal by definition). NFKC is not used: it would
 * change what the author wrote, such as x² into x2. A lone surrogate has no UTF-8 form, so it becomes U+FFFD here and not
 * somewhere on the way to a provider. Never fails.
 */
export function articleText({ title, body }: Pick<ArticleSource, 'title' | 'body'>): string {
  const head = canonical(title).replace(/\s+/g, ' ').trim();
  const rest = hasVisible(body) ? canonical(body).trimEnd() : '';
  return rest === '' ? head : `${head}\n\n${rest}`;
}

/** Where the body begins in the text of an article; the text's length where there is none. */
export function bodyStartOf(text: string): number {
  const titleEnd = text.indexOf('\n');
  return titleEnd === -1 ? text.length : titleEnd + 2;
}

/**
 * The hash of all that is embedded of an article: of its text, and of its tags where it has some. No text holds the NUL that
 * stands before the tags.
 */
export function articleHash(source: ArticleSource): string {
  const tags = tagKeys(source.tags ?? []);
  return contentHash([articleText(source), ...tags].join('\0'));
}

/** SHA-256 of a text's UTF-8 form, as 64 lowercase hexadecimal digits. */
export function contentHash(text: string): string {
  return hash('sha256', text, 'hex');
}

// Normalization sorts each run of combining marks in quadratic time: half a million of them would take over a minute. No
// script stacks more than a few, so longer runs stay as they are.
const maxMarks = 30;

/** The text in the one form that texts which read the same have: line ends, composed letters, no lone surrogate. */
export function canonical(text: string): string {
  const plain = text.replace(/\r\n?/g, '\n').replace(/\p{Surrogate}/gu, '\uFFFD');
  let result = '';
  let from = 0;
  // Each run is matched whole: an expression for long runs alone would read the short ones once for each of their marks.
  for (const { 0: run, index } of plain.matchAll(/\p{M}{2,}/gu)) {
    if (run.length <= maxMarks || Array.from(run).length <= maxMarks) continue;
    result += plain.slice(from, index).normalize('NFC') + run;
    from = index + run.length;
  }
  return result + plain.slice(from).normalize('NFC');
}
