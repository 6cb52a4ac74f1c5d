/**
 * A message of a refusal as its beginning is compared with known sentences: what it quotes is taken out, because that may be an
 * article, and so are the names of errors that proxies put in front. A sentence inside an article is never at the beginning.
 */
export function sentenceStarts(message: string, mayQuoteInput: boolean): readonly string[] {
  const whole = withoutQuotes(message.replace(/^\{'error': *'/, ''));
  const starts = [whole];
  let rest = whole;
  for (let round = 0; round < maxPrefixes; round += 1) {
    const shorter = rest.replace(prefix, '');
    if (shorter === rest) break;
    rest = shorter;
    starts.push(rest);
  }
  // A refusal of the caller does not quote the texts, and often says its reason in the second sentence.
  if (!mayQuoteInput) starts.push(...rest.split(/[.:;!,]\s+|\s-\s/).slice(1, maxSentences));
  return starts;
}

const maxPrefixes = 6;
const maxSentences = 8;

/** What may stand before the sentence that says why. */
const prefix = new RegExp(
  [
    /^[\s[({'"*<>\\-]+/,
    /^\/[\w/-]{1,40}: /,
    /^[\w.]{0,60}(?:error|exception)\b\s*[:,\])–-]\s*/,
    /^(?:error code|http|status|status code):? ?\d{3}\s*[:,–-]?\s*/,
    /^\d{3}[\])>]?(?: [a-z]+){0,3}\s*[:,–-]\s*/,
    /^(?:[a-z]+ )?(?:authentication|authorization|api|request|client) (?:error|failed|failure)\s*[:,.!–-]\s*/,
    /^(?:unauthorized|forbidden|bad request|access denied|permission denied|invalid request)\s*[:,.!\]–-]\s*/,
    /^(?:error|sorry|oops)\s*[:,.!\]–-]\s*/,
    /^(?:failed|unable) to (?:generate|create|compute|get) embeddings?\s*[:,.–-]\s*/,
    /^internalerror\.[\w.]+\s*[:,–-]\s*/,
  ]
    .map(({ source }) => source)
    .join('|'),
);

/** Lower-case, with `§` in the place of everything quoted. An apostrophe inside a word quotes nothing. */
function withoutQuotes(message: string): string {
  return message
    .toLowerCase()
    .replaceAll('’', "'")
    .replace(/"[^"]*"?|`[^`]*`?|“[^”]*”?|«[^»]*»?/g, '§')
    .replace(/(^|[\s(=:[{,])'[^']*(?:'|$)/g, '$1§')
    .replace(/\s+/g, ' ')
    .trim();
}
