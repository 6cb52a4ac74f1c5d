/** What a line of Markdown says by itself, behind its quote marks and the marker of a list item. */
export type LineShape =
  | { readonly kind: 'blank' }
  | { readonly kind: 'text' }
  | { readonly kind: 'break' }
  | { readonly kind: 'html' }
  | { readonly kind: 'heading'; readonly level: number }
  /** A row of equals signs or dashes: it makes the paragraph above a heading. */
  | { readonly kind: 'underline'; readonly level: number }
  /** The second line of a table: dashes between bars. */
  | { readonly kind: 'delimiter' }
  | Fence;

/** A row of marks, before or after lines of code. */
export interface Fence {
  readonly kind: 'fence';
  readonly mark: string;
  readonly count: number;
  /** Whether nothing follows the marks. Only such a fence ends the code. */
  readonly bare: boolean;
}

export interface Line {
  readonly shape: LineShape;
  /** Whether it begins within a quote. */
  readonly quoted: boolean;
  /** Whether it begins an item of a list. */
  readonly item: boolean;
  /** Columns of blank space before its first mark or word, behind the quote marks. */
  readonly indent: number;
}

// One object for each shape, because a text can have half a million lines.
const blank: LineShape = { kind: 'blank' };
const words: LineShape = { kind: 'text' };
const breakLine: LineShape = { kind: 'break' };
const html: LineShape = { kind: 'html' };
const delimiter: LineShape = { kind: 'delimiter' };
const underlines = { '=': { kind: 'underline', level: 1 }, '-': { kind: 'underline', level: 2 } } as const;

const tabStop = 4;
const deepestHeading = 6;

/** Reads one line, `end` being its line end. Each character is read a few times at most, however the line is built. */
export function readLine(text: string, start: number, end: number): Line {
  let quoted = false;
  let from = start;
  let at = skipBlanks(text, start, end);
  while (at < end && text[at] === '>') {
    quoted = true;
    from = at + 1;
    at = skipBlanks(text, from, end);
  }
  const indent = columns(text, from, at);
  if (at >= end) return { shape: blank, quoted, item: false, indent };
  const ruled = ruleAt(text, at, end);
  if (ruled !== undefined) return { shape: ruled, quoted, item: false, indent };
  const behind = itemEnd(text, at, end);
  if (behind === undefined) return { shape: shapeAt(text, at, end), quoted, item: false, indent };
  const inner = skipBlanks(text, behind, end);
  return { shape: inner < end ? shapeAt(text, inner, end) : words, quoted, item: true, indent };
}

/** What stands at an offset that is no blank. */
function shapeAt(text: string, at: number, end: number): LineShape {
  switch (text[at]) {
    case '#':
      return headingAt(text, at, end) ?? words;
    case '`':
    case '~':
      return fenceAt(text, at, end) ?? words;
    case '<':
      return at + 1 < end && /[a-z/!?]/i.test(text[at + 1] ?? '') ? html : words;
    case '|':
    case '-':
    case ':':
      return isDelimiter(text, at, end) ? delimiter : words;
    default:
      return words;
  }
}

/** A row of one sign: an underline, or a break of three or more, which may have blanks between them. */
function ruleAt(text: string, at: number, end: number): LineShape | undefined {
  const sign = text[at];
  if (sign === '=' || sign === '-') {
    const behind = skipBlanks(text, at + runLength(text, at, end), end);
    if (behind === end) return underlines[sign];
  }
  if (sign !== '-' && sign !== '*' && sign !== '_') return undefined;
  let count = 0;
  for (let i = at; i < end; i += 1) {
    if (text[i] === sign) count += 1;
    else if (!isBlank(text, i)) return undefined;
  }
  return count >= 3 ? breakLine : undefined;
}

function headingAt(text: string, at: number, end: number): LineShape | undefined {
  const level = runLength(text, at, end);
  if (level > deepestHeading) return undefined;
  return at + level === end || isBlank(text, at + level) ? { kind: 'heading', level } : undefined;
}

/** Three or more backticks or tildes. Backticks behind backticks are code within a line. */
function fenceAt(text: string, at: number, end: number): LineShape | undefined {
  const mark = text[at] ?? '';
  const count = runLength(text, at, end);
  if (count < 3) return undefined;
  const behind = skipBlanks(text, at + count, end);
  for (let i = behind; mark === '`' && i < end; i += 1) if (text[i] === mark) return undefined;
  return { kind: 'fence', mark, count, bare: behind === end };
}

function isDelimiter(text: string, at: number, end: number): boolean {
  let dashes = false;
  let bars = false;
  for (let i = at; i < end; i += 1) {
    const sign = text[i];
    if (sign === '-') dashes = true;
    else if (sign === '|') bars = true;
    else if (sign !== ':' && !isBlank(text, i)) return false;
  }
  return dashes && bars;
}

/** Where the marker of an item ends: a bullet, or up to nine digits with a dot or bracket, before a blank or the line end. */
function itemEnd(text: string, at: number, end: number): number | undefined {
  let behind = at;
  if (text[at] === '-' || text[at] === '*' || text[at] === '+') behind += 1;
  else {
    while (behind < end && behind - at < 9 && isDigit(text, behind)) behind += 1;
    if (behind === at || (text[behind] !== '.' && text[behind] !== ')')) return undefined;
    behind += 1;
  }
  return behind >= end || isBlank(text, behind) ? Math.min(behind, end) : undefined;
}

function skipBlanks(text: string, at: number, end: number): number {
  let next = at;
  while (next < end && isBlank(text, next)) next += 1;
  return next;
}

function columns(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at += 1) count += text[at] === '\t' ? tabStop - (count % tabStop) : 1;
  return count;
}

function runLength(text: string, at: number, end: number): number {
  let next = at;
  while (next < end && text[next] === text[at]) next += 1;
  return next - at;
}

function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || code === 0x09;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}
