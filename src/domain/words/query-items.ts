/** A piece of a query, as its signs part it. */
export interface QueryItem {
  /** As it stands in the query, with its signs. */
  readonly typed: string;
  /** Without them. */
  readonly text: string;
  readonly isQuoted: boolean;
  /** The dashes before it. */
  readonly dashes: '' | '-' | '--';
  /** Whether a star stands behind it: words that begin so. */
  readonly isPrefix: boolean;
}

const quotes: Readonly<Record<string, string>> = {
  ...{ '"': '"', '＂': '＂', '“': '”“', '”': '”', '„': '“”„', '«': '»', '»': '«' },
  ...{ '「': '」', '『': '』', '《': '》', '‹': '›', '‟': '”', '〝': '〞〟' },
};
const isBlank = /[\s\p{Z}]/u;

/** Parts a query at its blanks and quotes. A quote without its end is read as a blank. */
export function queryItems(q: string): QueryItem[] {
  const items: QueryItem[] = [];
  for (let at = 0; at < q.length; ) {
    const character = q[at] ?? '';
    if (isBlank.test(character)) {
      at += 1;
      continue;
    }
    const dashes = dashesAt(q, at);
    const from = at + dashes.length;
    const closing = quotes[q[from] ?? ''];
    const end = closing === undefined ? -1 : closingQuote(q, from + 1, closing);
    if (end >= 0) {
      const text = q.slice(from + 1, end);
      items.push({ typed: q.slice(at, end + 1), text, isQuoted: true, dashes, isPrefix: false });
      at = end + 1;
      continue;
    }
    if (closing !== undefined) {
      at = from + 1;
      continue;
    }
    const behind = wordEnd(q, from);
    const typed = q.slice(at, behind);
    const word = q.slice(from, behind);
    const isPrefix = /^[^*]{2,}\*$/.test(word);
    if (word !== '')
      items.push({ typed, text: isPrefix ? word.slice(0, -1) : word, isQuoted: false, dashes, isPrefix });
    at = Math.max(behind, at + 1);
  }
  return items;
}

function dashesAt(q: string, at: number): '' | '-' | '--' {
  if (!/[-−–]/.test(q[at] ?? '')) return '';
  if (/[-−–]/.test(q[at + 1] ?? '')) return isWordAt(q, at + 2) ? '--' : '';
  return isWordAt(q, at + 1) ? '-' : '';
}

/** Whether a word or a quote begins there, and not a blank or another sign. */
function isWordAt(q: string, at: number): boolean {
  return /[\p{L}\p{N}."“„«「『/]/u.test(q.slice(at, at + 2));
}

function closingQuote(q: string, from: number, closing: string): number {
  const ends = Array.from(closing, (sign) => q.indexOf(sign, from)).filter((at) => at >= 0);
  return ends.length === 0 ? -1 : Math.min(...ends);
}

/** Whether a quote behind a figure is a sign for inches, which begins no phrase: `19" rack, 2" deep`. */
function isInches(q: string, at: number): boolean {
  return q[at] === '"' && /\p{N}/u.test(q[at - 1] ?? '');
}

function wordEnd(q: string, from: number): number {
  let at = from;
  while (at < q.length) {
    const character = q[at] ?? '';
    if (isBlank.test(character)) break;
    const closing = isInches(q, at) ? undefined : quotes[character];
    if (closing !== undefined && closingQuote(q, at + 1, closing) >= 0) break;
    at += 1;
  }
  return at;
}
