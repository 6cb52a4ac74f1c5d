import { type Figure, figure } from '../figure.ts';
import { percentile } from '../statistics.ts';
import type { Latencies } from './latency.ts';
import type { Recall } from './recall.ts';
import type { Mode } from './recorded-search.ts';
import type { TenantGroup } from './tenants.ts';

/** What was measured of one kind of search, for tenants of one size, in a corpus of one size. */
export interface MeasuredSearches {
  readonly chunks: number;
  readonly group: TenantGroup['name'];
  readonly mode: Mode;
  readonly fresh?: Latencies;
  readonly remembered: Latencies;
}

/**
 * The API against the bare SQL, and against a bare call of the provider too where there was one. The bar is for the statements of
 * the same answer; what those that rank take alone stands beside it.
 */
export function latencyFigures(searches: MeasuredSearches, withBar: boolean): Figure[] {
  return situationsOf(searches).flatMap(({ name, latencies }) =>
    [
      { share: 0.5, of: 'all' as const },
      { share: 0.95, of: 'all' as const },
      { share: 0.95, of: 'ranking' as const },
    ].map(({ share, of }) =>
      figure({
        ...{ bench: 'latency', unit: 'ms' },
        name: `${name}: p${share * 100}${of === 'all' ? '' : ', against the ranking alone'}`,
        measured: percentile(latencies.measured, share),
        floor: percentile(
          latencies.floor.map((ms) => ms[of]),
          share,
        ),
        ...(withBar && share === 0.95 && of === 'all' ? { bar: { atMost: barOf(searches) } } : {}),
      }),
    ),
  );
}

/** A small tenant's statements take less than the way to them. The ranking by words is compared with one that is written by hand. */
function barOf({ group, mode }: MeasuredSearches): number {
  if (group === 'small') return 3;
  return mode === 'keyword' ? 2 : 1.5;
}

/** The p95 of the larger corpus against that of the smaller one: of the API, and of its bare SQL. */
export function growthFigures(all: readonly MeasuredSearches[]): Figure[] {
  const [least, most] = [Math.min, Math.max].map((of) => of(...all.map(({ chunks }) => chunks)));
  return all
    .filter(({ chunks }) => chunks === most)
    .flatMap((after) => {
      const before = all.find(
        ({ chunks, group, mode }) => chunks === least && group === after.group && mode === after.mode,
      );
      if (before === undefined) return [];
      const p95 = (of: (latencies: Latencies) => readonly number[], side: string) =>
        figure({
          ...{ bench: 'growth', unit: 'ms' },
          name: `${after.mode}, ${after.group} tenant, ${side}: p95`,
          measured: percentile(of(after.remembered), 0.95),
          floor: percentile(of(before.remembered), 0.95),
        });
      return [
        p95(({ measured }) => measured, 'API'),
        p95(({ floor }) => floor.map(({ all }) => all), 'bare SQL'),
      ];
    });
}

/** How many of the nearest were found, of how many there are. */
export function recallFigure(name: string, { found, wanted }: Recall, withBar = true): Figure {
  return figure({
    ...{ bench: 'recall', name, unit: '×', measured: found, floor: wanted },
    ...(withBar ? { bar: { atLeast: 0.98 } } : {}),
  });
}

function situationsOf({ chunks, group, mode, fresh, remembered }: MeasuredSearches) {
  const name = `${mode}, ${group} tenant of ${chunks.toLocaleString('en')}`;
  if (fresh === undefined) return [{ name, latencies: remembered }];
  return [
    { name: `${name}, vector bought`, latencies: fresh },
    { name: `${name}, vector remembered`, latencies: remembered },
  ];
}
