/** The labels of a metric, each with all its possible values. */
export type ClosedLabels<Name extends string> = Readonly<Record<Name, readonly string[]>>;

/** The labels of one series. */
export type LabelValues<Name extends string> = Readonly<Record<Name, string>>;

/** The value if it is on the list, otherwise `other`: an unknown value must not create a series of its own. */
export function closed(list: readonly string[], value: string): string {
  return list.includes(value) ? value : 'other';
}

/** The labels of one series, with `other` for each value that is not on its list. */
export function closeLabels(labels: ClosedLabels<string>, values: LabelValues<string>) {
  return Object.fromEntries(
    Object.entries(labels).map(([name, list]) => [name, closed(list, values[name] ?? '')]),
  );
}

/** All series of the labels: every combination of their values. */
export function seriesOf(labels: ClosedLabels<string>): LabelValues<string>[] {
  return Object.entries(labels).reduce<LabelValues<string>[]>(
    (series, [name, list]) => series.flatMap((each) => list.map((value) => ({ ...each, [name]: value }))),
    [{}],
  );
}
