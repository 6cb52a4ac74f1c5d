import { encodeCursor } from './cursor.ts';

/** The body of a list route: the rows of one page, and the cursor of the next page, null on the last. */
export interface Page<View> {
  readonly data: readonly View[];
  readonly meta: { readonly next_cursor: string | null };
}

/**
 * The page of a list whose rows were read with the limit `limit + 1`: the extra row shows that there is a next page. The cursor
 * is the id of the last row of the page.
 */
export function pageOf<Row extends { readonly id: string }, View>(
  rows: readonly Row[],
  limit: number,
  present: (row: Row) => View,
): Page<View> {
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    data: page.map(present),
    meta: { next_cursor: last === undefined ? null : encodeCursor(last.id) },
  };
}
