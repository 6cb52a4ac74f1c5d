import { type Figure, meetsBar } from './figure.ts';
import type { Machine } from './machine.ts';

/** What the figures were measured on, in two lines. */
export function describeSurroundings(machine: Machine): string {
  return [
    `commit ${machine.commit}; ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, load ${machine.load}`,
    `Node ${machine.node}, PostgreSQL ${machine.postgres} (fsync ${machine.fsync}), Temporal ${machine.temporal}`,
  ].join('\n');
}

/** The figures as a table. */
export function describeFigures(figures: readonly Figure[]): string {
  const header = ['', 'measured', 'floor', 'ratio', 'bar', ''];
  const rows = figures.map((each) => [
    `(${each.bench}) ${each.name}`,
    amount(each.measured, each.unit),
    amount(each.floor, each.unit),
    each.ratio.toFixed(2),
    barOf(each),
    verdictOf(each),
  ]);
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [header, ...rows].map(line).join('\n');
}

const amount = (value: number, unit: Figure['unit']) =>
  unit === 'ms'
    ? `${value.toFixed(value < 100 ? 2 : 0)} ms`
    : `${value.toFixed(1)}${unit === 'MB' ? ' MB' : unit}`;

function barOf({ bar }: Figure): string {
  if (bar === undefined) return '';
  return 'atMost' in bar ? `≤ ${bar.atMost}` : `≥ ${bar.atLeast}`;
}

function verdictOf(each: Figure): string {
  const met = meetsBar(each);
  if (met === undefined) return '';
  return met ? 'met' : 'MISSED';
}
