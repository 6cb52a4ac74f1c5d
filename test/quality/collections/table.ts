import { type Difference, meanOf, pairedDifference } from './bootstrap.ts';
import { type Contender, contenders, type MeasuredCollection } from './measurement.ts';

const baselines = ['BM25', 'cosine', 'rank fusion'] as const satisfies readonly Contender[];

/** A figure that a collection is to reach. A bar is missed where the whole interval lies below 0. */
export interface Bar {
  readonly collection: string;
  readonly name: string;
  readonly difference: Difference;
  readonly isMet: boolean;
}

/** The bars of a collection: hybrid beside its best baseline, and keyword beside BM25. */
export function barsOf({ name: collection, ndcg }: MeasuredCollection): Bar[] {
  const best = baselines.reduce((one, other) => (meanOf(ndcg[other]) > meanOf(ndcg[one]) ? other : one));
  const bar = (one: Contender, other: Contender): Bar => {
    const difference = pairedDifference(ndcg[one], ndcg[other]);
    return { collection, name: `${one} ≥ ${other}`, difference, isMet: difference.high >= 0 };
  };
  return [bar('hybrid', best), bar('keyword', 'BM25')];
}

/** The means of all contenders, and the bars. */
export function describeCollections(measured: readonly MeasuredCollection[]): string {
  const names = measured.map(({ name, documents, queries }) => `${name} (${documents}, ${queries})`);
  const width = Math.max(14, ...names.map((name) => name.length));
  const figures = measured.map(({ ndcg }, index) =>
    [
      (names[index] ?? '').padEnd(width),
      ...contenders.map((each) => meanOf(ndcg[each]).toFixed(3).padStart(each.length)),
    ].join('  '),
  );
  const bars = measured.flatMap(barsOf);
  const lead = meanOf(
    bars.flatMap(({ name, difference }) => (name.startsWith('hybrid') ? difference.mean : [])),
  );
  return [
    [`nDCG@10`.padEnd(width), ...contenders].join('  '),
    ...figures,
    '',
    ...bars.map(
      ({ collection, name, difference: { mean, low, high }, isMet }) =>
        `${collection.padEnd(width)}  ${name.padEnd(22)} ${signed(mean)} (${signed(low)} to ${signed(high)})  ${isMet ? 'met' : 'MISSED'}`,
    ),
    `hybrid is better than the best baseline of each by ${signed(lead)} on the average`,
  ].join('\n');
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}
