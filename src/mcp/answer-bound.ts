import { estimateTokens } from '../domain/tokens.ts';
import { truncateToTokens } from '../knowledge/truncate-to-tokens.ts';

/** No answer is longer. Hosts cut or refuse longer ones, and the conversation pays for each token again and again. */
export const maxAnswerTokens = 25_000;

/** What the entries or the text of an answer may take: the rest is for what stands around them. */
export const maxContentTokens = 20_000;

/** An upper estimate of the tokens of a value as JSON. */
export const jsonTokens = (value: unknown): number => estimateTokens(JSON.stringify(value) ?? '');

/** The beginning of a text that has at most `maxTokens` as JSON, where escapes make line breaks and quotes longer. */
export function beginningOf(text: string, maxTokens: number): string {
  let room = maxTokens;
  for (;;) {
    const { text: kept } = truncateToTokens(text, room);
    const tokens = jsonTokens(kept);
    if (kept === '' || tokens <= maxTokens) return kept;
    // Twice too long as JSON becomes half as long: a few rounds are enough, and each is shorter.
    room = Math.min(room - 1, (room * maxTokens) / tokens);
  }
}

/** The first entries that fit together, and how many do not. */
export function entriesWithin<Entry>(
  entries: readonly Entry[],
  maxTokens: number,
): { readonly kept: Entry[]; readonly omitted: number } {
  const kept: Entry[] = [];
  let left = maxTokens;
  for (const entry of entries) {
    left -= jsonTokens(entry);
    if (left < 0) break;
    kept.push(entry);
  }
  return { kept, omitted: entries.length - kept.length };
}
