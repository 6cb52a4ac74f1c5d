/** What the database sets around a matched word: characters that no article can hold. */
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
 * A snippet that is safe inside HTML: everything of the article is escaped, and the only markup is `<mark>` around the
 * matched words. White space is collapsed, and what is longer than 500 characters is cut.
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
    // A character is one or two units: twice as many units hold enough of them.
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
