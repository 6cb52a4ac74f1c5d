import { kinds } from './judged-queries.ts';
import { type Measured, meanNdcg, modes, shareFound } from './judged-queries-measurement.ts';

const worstShown = 12;

/** The means by mode, for the set and each kind of query, and the queries that hybrid serves worst. */
export function describeMeasured(measured: readonly Measured[]): string {
  const groups = [
    { name: 'the set', of: measured },
    ...kinds.map((kind) => ({ name: kind, of: measured.filter((each) => each.kind === kind) })),
  ];
  const means = groups.map(({ name, of }) => [
    name,
    String(of.length),
    ...modes.map((mode) => meanNdcg(of, mode).toFixed(3)),
    ...modes.map((mode) => `${Math.round(shareFound(of, mode) * 100)} %`),
  ]);
  const worst = [...measured]
    .sort((left, right) => left.by.hybrid.ndcg - right.by.hybrid.ndcg)
    .slice(0, worstShown)
    .map(({ q, kind, by }) => [
      `${q} (${kind})`,
      ...modes.map((mode) => `${by[mode].ndcg.toFixed(2)} @${by[mode].answerAt ?? '-'}`),
    ]);
  return [
    ...table([['nDCG@10; answer in the ten', 'queries', ...modes, ...modes], ...means]),
    '',
    ...table([['worst by hybrid; place of the answer', ...modes], ...worst]),
  ].join('\n');
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widthOf = (column: number) => Math.max(...rows.map((row) => (row[column] ?? '').length));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widthOf(0)) : cell.padStart(widthOf(column))))
      .join('  '),
  );
}
