/** What a line of Markdown is by itself, behind its quote marks and the marker of a list item. */
export type LineKind =
  | 'blank'
  | 'text'
  | 'heading'
  | 'fence'
  | 'break'
  | 'html'
  /** A row of dashes or equals signs: it makes the paragraph above a heading. */
  | 'underline'
  /** The second line of a table: dashes between bars. */
  | 'delimiter';

export interface Line {
  readonly kind: LineKind;
  /** Of a heading or an underline, 1 to 6. */
  readonly level: number;
  /** Whether it begins within a quote. */
  readonly quoted: boolean;
  /** Whether it begins an item of a list. */
  readonly item: boolean;
  /** Columns of blank space before its first mark or word, behind the quote marks. */
  readonly indent: number;
  readonly fence: Fence | undefined;
}

/** A row of marks, before or after lines of code. */
export interface Fence {
  readonly mark: string;
  readonly count: number;
  /** Whether nothing follows the marks. Only such a fence ends the code. */
  readonly bare: boolean;
}

const tabStop = 4;

/** Reads one line, `end` being its line end. Each character is read a few times at most, however the line is built. */
export function readLine(text: string, start: number, end: number): Line {
  let quoted = false;
  let { indent, next: at } = skipBlanks(text, start, end);
  while (at < end && text[at] === '>') {
    quoted = true;
    ({ indent, next: at } = skipBlanks(text, at + 1, end));
  }
  const line = { level: 0, quoted, item: false, indent, fence: undefined };
  if (at >= end) return { ...line, kind: 'blank' };
  if (isBreak(text, at, end)) return { ...line, ...underlineOr('break', text, at, end) };
  const item = itemEnd(text, at, end);
  if (item === undefined) return { ...line, ...kindOf(text, at, end) };
  const inner = skipBlanks(text, item, end).next;
  return inner >= end
    ? { ...line, item: true, kind: 'text' }
    : { ...line, ...kindOf(text, inner, end), item: true };
}

type Kind = Pick<Line, 'kind'> & Partial<Pick<Line, 'level' | 'fence'>>;

/** What stands at an offset that is no blank. */
function kindOf(text: string, at: number, end: number): Kind {
  const first = text[at] ?? '';
  switch (first) {
    case '#': {
      const level = runLength(text, at, end);
      const behind = at + level;
      return level <= 6 && (behind === end || isBlank(text, behind))
        ? { kind: 'heading', level }
        : { kind: 'text' };
    }
    case '`':
    case '~':
      return fenceOr('text', text, at, end);
    case '<':
      return /[a-z/!?]/i.test(text[at + 1] ?? '') && at + 1 < end ? { kind: 'html' } : { kind: 'text' };
    case '=':
      return underlineOr('text', text, at, end);
    case '|':
    case '-':
    case ':':
      return isDelimiter(text, at, end) ? { ...underlineOr('delimiter', text, at, end) } : { kind: 'text' };
    default:
      return { kind: 'text' };
  }
}

/** Three or more backticks or tildes. Backticks behind backticks are code within a line. */
function fenceOr(kind: LineKind, text: string, at: number, end: number): Kind {
  const mark = text[at] ?? '';
  const count = runLength(text, at, end);
  if (count < 3) return { kind };
  const behind = skipBlanks(text, at + count, end).next;
  for (let i = behind; mark === '`' && i < end; i += 1) if (text[i] === mark) return { kind };
  return { kind: 'fence', fence: { mark, count, bare: behind === end } };
}

/** A row of one sign, `=` or `-`, is an underline; anything else is what was said. */
function underlineOr(kind: LineKind, text: string, at: number, end: number): Kind {
  const sign = text[at];
  if (sign !== '=' && sign !== '-') return { kind };
  const behind = skipBlanks(text, at + runLength(text, at, end), end).next;
  return behind === end ? { kind: 'underline', level: sign === '=' ? 1 : 2 } : { kind };
}

/** Three or more of one of `-`, `*` and `_`, with or without blanks between them. */
function isBreak(text: string, at: number, end: number): boolean {
  const sign = text[at];
  if (sign !== '-' && sign !== '*' && sign !== '_') return false;
  let count = 0;
  for (let i = at; i < end; i += 1) {
    if (text[i] === sign) count += 1;
    else if (!isBlank(text, i)) return false;
  }
  return count >= 3;
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

/** Where the marker of a list item ends: a bullet, or up to nine digits with a dot or bracket, before a blank or the line end. */
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

function skipBlanks(text: string, at: number, end: number): { indent: number; next: number } {
  let indent = 0;
  let next = at;
  for (; next < end && isBlank(text, next); next += 1) {
    indent += text[next] === '\t' ? tabStop - (indent % tabStop) : 1;
  }
  return { indent, next };
}

function runLength(text: string, at: number, end: number): number {
  let next = at;
  while (next < end && text[next] === text[at]) next += 1;
  return next - at;
}

function isBlank(text: string, at: number): boolean {
  return text[at] === ' ' || text[at] === '\t';
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}
