import type { Outcome } from './invariants.ts';

export interface Row {
  readonly fault: string;
  readonly expected: Outcome;
  /** The outcome, or why there is none. */
  readonly observed: Outcome | string;
}

/** The matrix as a table; what is not as expected is marked. */
export function describeMatrix(rows: readonly Row[]): string {
  const columns = [
    ...['article', 'workflow', 'calls', 'billed', 'ledger', 'unknown', 'breaker'],
    ...['neighbour', 'post', 'search', 'verify', 'books'],
  ] as const;
  const header = ['fault', ...columns];
  const cells = rows.map(({ fault, expected, observed }) =>
    typeof observed === 'string'
      ? [fault, `✗ ${observed}`]
      : [
          fault,
          ...columns.map((column) => {
            const value = String(observed[column as keyof Outcome]);
            return observed[column as keyof Outcome] === expected[column as keyof Outcome]
              ? value
              : `✗ ${value}`;
          }),
        ],
  );
  const widths = header.map((_, at) =>
    Math.max(...[header, ...cells.filter((row) => row.length > 2)].map((row) => row[at]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(header), ...cells.map(line)].join('\n');
}
