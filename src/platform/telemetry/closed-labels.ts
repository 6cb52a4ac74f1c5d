/** The labels of a metric, each with every value that it may have. */
export type ClosedLabels<Name extends string> = Readonly<Record<Name, readonly string[]>>;

/** The labels of one series. */
export type LabelValues<Name extends string> = Readonly<Record<Name, string>>;

/** A label's value if it is on the list, otherwise `other`: an unknown value must not become a series of its own. */
export function closed(list: readonly string[], value: string): string {
  return list.includes(value) ? value : 'other';
}

/** The labels of one series with every value closed. */
export function closeLabels(labels: ClosedLabels<string>, values: LabelValues<string>) {
  return Object.fromEntries(
    Object.entries(labels).map(([name, list]) => [name, closed(list, values[name] ?? '')]),
  );
}

/** Every series that the labels can have: all combinations of their values. */
export function seriesOf(labels: ClosedLabels<string>): LabelValues<string>[] {
  return Object.entries(labels).reduce<LabelValues<string>[]>(
    (series, [name, list]) => series.flatMap((each) => list.map((value) => ({ ...each, [name]: value }))),
    [{}],
  );
}
