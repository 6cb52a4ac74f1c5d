import type { DocumentNote } from './document.ts';

/** Front matter: lines of settings between two rows of dashes, at the very beginning. */
const frontMatter = /^---[ \t]*\n([\s\S]{0,20000}?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)/;
const titleSetting = /^title:[ \t]*(["']?)(.{1,500}?)\1[ \t]*$/m;
const dangerousTarget =
  /(\]\([ \t]{0,4}<?|^ {0,3}\[[^\]\n]{1,200}\]:[ \t]{0,4}<?)(?:javascript|vbscript|data):(?:[^()\s>]|\([^()\s]{0,500}\))*/gim;

/** A Markdown file without what a page would run. */
export interface CleanMarkdown {
  readonly markdown: string;
  /** The title that its front matter gives. */
  readonly title: string | null;
  readonly notes: readonly DocumentNote[];
}

/** Keeps Markdown as it is, but for its front matter, scripts, comments, tags and links that would run. */
export function cleanMarkdown(text: string): CleanMarkdown {
  const settings = frontMatter.exec(text);
  const isSettings = settings !== null && /^[\w-]+:/m.test(settings[1] ?? '');
  const body = isSettings ? text.slice(settings[0].length) : text;
  const title = isSettings ? (titleSetting.exec(settings[1] ?? '')?.[2]?.trim() ?? null) : null;
  const notes = new Set<DocumentNote>();
  const pieces = outsideOfCode(body, (piece) => {
    const kept = withoutElements(piece, notes);
    return kept
      .replace(/\n{3,}/g, '\n\n')
      .replace(/<(?=[a-zA-Z/!?])(?!br\s?\/?>|(?:https?:\/\/|mailto:)[^\s<>]{1,2000}>)/gi, '&lt;')
      .replace(dangerousTarget, (_match, before: string) => {
        notes.add('scripts_removed');
        return before;
      });
  });
  return { markdown: pieces.trim(), title, notes: [...notes] };
}

/** Takes out comments, scripts and styles with what they hold. */
function withoutElements(piece: string, notes: Set<DocumentNote>): string {
  const kept: string[] = [];
  let at = 0;
  // Each search goes on behind what was found, and one that finds nothing ends the loop: linear in all.
  for (const opening of piece.matchAll(/<(!--|script\b|style\b)/gi)) {
    if (opening.index < at) continue;
    const name = opening[1]?.toLowerCase() ?? '';
    const closing = name === '!--' ? /-->/g : new RegExp(`</${name}\\s{0,20}>`, 'gi');
    closing.lastIndex = opening.index;
    const end = closing.exec(piece);
    // One that does not end is shown as the text that it is.
    if (end === null) break;
    if (name !== '!--') notes.add('scripts_removed');
    kept.push(piece.slice(at, opening.index));
    at = end.index + end[0].length;
  }
  kept.push(piece.slice(at));
  return kept.join('');
}

/** Changes a text between its fenced blocks and code spans, which stay as they are. */
function outsideOfCode(text: string, change: (piece: string) => string): string {
  const pieces: string[] = [];
  let at = 0;
  const code = /^ {0,3}(`{3,}|~{3,})[^\n]*\n|(?<!`)`[^`\n]{1,1000}`(?!`)/gm;
  for (let found = code.exec(text); found !== null; found = code.exec(text)) {
    const fence = found[1];
    let end = found.index + found[0].length;
    if (fence !== undefined) {
      const closing = new RegExp(`^ {0,3}\\${fence[0]}{${fence.length},}[ \\t]*$`, 'gm');
      closing.lastIndex = end;
      const closed = closing.exec(text);
      end = closed === null ? text.length : closed.index + closed[0].length;
    }
    pieces.push(change(text.slice(at, found.index)), text.slice(found.index, end));
    at = end;
    code.lastIndex = end;
  }
  pieces.push(change(text.slice(at)));
  return pieces.join('');
}
