import { countCharacters, offsetOf } from '../domain/characters.ts';
import { fitAround, tokensOf } from './fit-around.ts';

/** What was read of a body, and the place in it that matched. Places are in characters of the body. */
export interface ReadBody {
  readonly text: string;
  readonly start: number;
  readonly at: number;
  readonly isWhole: boolean;
  /** The tokens of what is shown beside the body. */
  readonly overhead: number;
  /** The table that the place is in, and what stands at its start. */
  readonly table: { readonly at: number; readonly end: number; readonly head: string } | null;
}

/** The body if it fits into `maxTokens`, else the part around the place; the rows of a table come behind its header. */
export function fitBody(
  { text, start, at, isWhole, table }: ReadBody,
  maxTokens: number,
): { readonly text: string; readonly tokens: number; readonly truncated: boolean } {
  const offset = offsetOf(text, at - start);
  const fitted = fitAround(text, offset, maxTokens);
  const truncated = fitted.truncated || !isWhole;
  if (table === null || !truncated) return { ...fitted, truncated };
  const isInside = (offset: number) => {
    const place = start + countCharacters(text, offset);
    return place > table.at && place < table.end;
  };
  if (!isInside(fitted.start)) return { ...fitted, truncated };
  const header = `${table.head.split('\n', 2).join('\n').trimEnd()}\n`;
  const headerTokens = tokensOf(header);
  const rows = fitAround(text, offset, maxTokens - headerTokens);
  // A long header would leave no room for the row, and fewer tokens may begin elsewhere.
  if (headerTokens > maxTokens / 2 || !isInside(rows.start)) return { ...fitted, truncated };
  const shown = header + rows.text;
  return { text: shown, tokens: tokensOf(shown), truncated };
}
