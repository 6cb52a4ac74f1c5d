/**
 * Neutralises Markdown that a model has written about a stranger's text, so that no renderer makes markup, script or requests of
 * it: HTML becomes text, images become links, and links to other schemes than http, https and mailto are broken. Code stays as it
 * is where it is certain that every renderer takes it for code; elsewhere it is treated as text. The time is linear.
 *
 * Lost: a sanitizer of HTML, because bodies are Markdown until a client renders them; a Markdown parser, whose view of a body
 * with odd code differs from that of the next renderer; removing HTML, which takes `List<Item>` out of articles about code.
 */
export function neutralMarkdown(body: string): string {
  const lines = body.split('\n');
  const code = codeOf(lines);
  const neutral: string[] = [];
  let passage: string[] = [];
  const endPassage = () => {
    // Together, because a link may go on on the next line.
    const safe = breakUnsafeLinks(passage.join('\n')).split('\n');
    if (passage.length > 0)
      neutral.push(...safe.map(code.spansAreCertain ? neutralOutsideSpans : neutralText));
    passage = [];
  };
  for (const [at, line] of lines.entries()) {
    if (!code.fenced.has(at)) {
      passage.push(line);
      continue;
    }
    endPassage();
    neutral.push(line);
  }
  endPassage();
  if (code.openFence !== undefined) neutral.push(code.openFence);
  return neutral.join('\n');
}

/** HTML begins with `<` and one of these; a plain address between angle brackets is a link. */
const markupPattern = /<(?!https?:\/\/[^\s<>]*>)(?=[a-z/!?])/gi;
/** From the first of several marks, so that a long row of them is read once. */
const imagePattern = /(?<!!)!+\[/g;

const neutralText = (text: string) => text.replace(markupPattern, '&lt;').replace(imagePattern, '[');

/** The address of a link or of its definition. It may begin on the next line, in a quotation too. */
const addressPattern = /\][(:][\s>]*(?:<([^>\n]*)|([^\s)]*))/g;

function breakUnsafeLinks(text: string): string {
  return text.replace(addressPattern, (link: string, inAngles?: string, bare?: string) =>
    isSafeAddress(inAngles ?? bare ?? '') ? link : `]\\${link.slice(1)}`,
  );
}

/** An allow list, because a scheme can be spelled with entities, escapes and invisible characters. */
function isSafeAddress(address: string): boolean {
  if (/^(https?:|mailto:)/i.test(address)) return true;
  const [beforePath = ''] = address.split(/[/?#]/, 1);
  return !/[:&\\]/.test(beforePath);
}

interface Code {
  /** Lines of fenced blocks. */
  readonly fenced: ReadonlySet<number>;
  /** The fence of a block without an end. It is closed, so that a text after this one is not taken for code. */
  readonly openFence: string | undefined;
  /** Whether every code span outside of the blocks begins and ends on one line. */
  readonly spansAreCertain: boolean;
}

const nothingCertain: Code = { fenced: new Set(), openFence: undefined, spansAreCertain: false };

/** Blocks in which a fence is no fence for some renderers: front matter, formulas, directives. */
const otherBlock = /^\s*(\$\$|:::)/;

/** Finds the code of a text. One fence that begins anywhere but at the margin makes all of it uncertain. */
function codeOf(lines: readonly string[]): Code {
  if (/^---\s*$/.test(lines[0] ?? '')) return nothingCertain;
  const fenced = new Set<number>();
  let fence: string | undefined;
  let spansAreCertain = true;
  for (const [at, line] of lines.entries()) {
    if (fence !== undefined) {
      fenced.add(at);
      const end = /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(line)?.[1];
      if (end?.startsWith(fence)) fence = undefined;
      continue;
    }
    if (otherBlock.test(line)) return nothingCertain;
    fence = /^(`{3,})[^`]*$/.exec(line)?.[1] ?? /^(~{3,})/.exec(line)?.[1];
    if (fence !== undefined) fenced.add(at);
    else if (/```|~~~/.test(line)) return nothingCertain;
    else spansAreCertain &&= spansOf(line) !== undefined;
  }
  return { fenced, openFence: fence, spansAreCertain };
}

/** The code spans of a line, as ranges; undefined where a backtick has no partner on it, or may be escaped. */
function spansOf(line: string): readonly (readonly [start: number, end: number])[] | undefined {
  const spans: (readonly [number, number])[] = [];
  let opener: { readonly start: number; readonly length: number } | undefined;
  for (const { 0: run, index: start } of line.matchAll(/`+/g)) {
    if (line[start - 1] === '\\') return undefined;
    if (opener === undefined) opener = { start, length: run.length };
    else if (run.length === opener.length) {
      spans.push([opener.start, start + run.length]);
      opener = undefined;
    }
  }
  return opener === undefined ? spans : undefined;
}

function neutralOutsideSpans(line: string): string {
  const spans = spansOf(line) ?? [];
  // In a table a bar ends the cell, and with it the span.
  if (spans.some(([start, end]) => line.slice(start, end).includes('|'))) return neutralText(line);
  let neutral = '';
  let at = 0;
  for (const [start, end] of spans) {
    neutral += neutralText(line.slice(at, start)) + line.slice(start, end);
    at = end;
  }
  return neutral + neutralText(line.slice(at));
}
