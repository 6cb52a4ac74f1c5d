/** What stands around a matched word of a passage: characters that no article can contain. */
export const matchStart = '\u0001';
export const matchEnd = '\u0002';

const sentinels = new RegExp(`([${matchStart}${matchEnd}])`);
const maxCharacters = 500;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Makes a snippet that is safe inside HTML: the text is escaped, and the only markup is `<mark>` around the matched words.
 * White space is collapsed, and the text is cut after 500 characters.
 */
export function snippetOf(marked: string): string {
  let html = '';
  let open = false;
  let left = maxCharacters;
  for (const piece of marked.replace(/\s+/g, ' ').trim().split(sentinels)) {
    if (piece === matchStart || piece === matchEnd) {
      if (open === (piece === matchStart)) continue;
      open = !open;
      html += open ? '<mark>' : '</mark>';
      continue;
    }
    // A character is one or two UTF-16 units, so twice as many units contain enough characters.
    const characters = Array.from(piece.slice(0, left * 2));
    const kept = characters.slice(0, left).join('');
    html += escapeHtml(kept);
    left -= Math.min(characters.length, left);
    if (kept.length < piece.length) {
      html += '…';
      break;
    }
  }
  return open ? `${html}</mark>` : html;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

const characters = new Map(Object.entries(entities).map(([character, entity]) => [entity, character]));

/** A snippet as plain text again: without its marks and escapes. */
export function plainText(snippet: string): string {
  return snippet
    .replace(/<\/?mark>/g, '')
    .replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => characters.get(entity) ?? '');
}
