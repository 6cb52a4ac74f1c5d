import { byLabel, type GateJudged, type Judged, type Measured } from './measurement.ts';
import { byThresholds, isKind, kinds, verdicts } from './proposal.ts';

/**
 * For each formula and each label: least, median and greatest similarity, and how many the vectors alone would call duplicate, of low
 * novelty, novel. Behind it, whatever the thresholds: how often a paraphrase or translation is more alike than something novel.
 */
export function describeFormulas(measured: readonly Measured[]): string {
  return asTable([
    ['vectors', 'formula', ...verdicts.map((label) => `is ${label}`), 'loses a passage', 'order'],
    ...measured.map(({ vectors, formula, judged }) => [
      vectors,
      formula,
      ...verdicts.map((label) => `${rangeOf(byLabel(judged, label))} → ${countsOf(byLabel(judged, label))}`),
      String(lostPassages(judged).length),
      orderOf(judged).toFixed(2),
    ]),
  ]);
}

/** The gate, kind by kind. */
export function describeKinds(judged: readonly GateJudged[]): string {
  return asTable([
    ['kind', 'is', 'number', 'least / median / greatest', 'duplicate / low_novelty / novel'],
    ...Object.keys(kinds)
      .filter(isKind)
      .map((kind) => {
        const group = judged.filter((each) => each.kind === kind);
        const counts = verdicts.map((verdict) => group.filter((each) => each.verdict === verdict).length);
        return [kind, kinds[kind].label, String(group.length), rangeOf(group), counts.join(' / ')];
      }),
  ]);
}

/** Proposals with a passage of their own that vectors alone would throw away. */
export const lostPassages = (judged: readonly Judged[]) =>
  judged.filter(
    ({ kind, similarity }) =>
      kinds[kind].saysMore === 'a passage' && byThresholds(similarity) === 'duplicate',
  );

/** Share of pairs of a reworded and a novel proposal whose order is right: 0.5 is chance. */
function orderOf(judged: readonly Judged[]): number {
  const reworded = judged.filter(({ kind }) => kind === 'paraphrase' || kind === 'translation');
  const novel = byLabel(judged, 'novel');
  const right = reworded.flatMap((one) =>
    novel.filter(({ similarity }) => one.similarity > similarity),
  ).length;
  return right / (reworded.length * novel.length);
}

function rangeOf(group: readonly Judged[]): string {
  const sorted = group.map(({ similarity }) => similarity).sort((a, b) => a - b);
  // Cut off and not rounded, so that what is below a threshold is not shown at it.
  const shown = (at: number) => (Math.floor((sorted[at] ?? Number.NaN) * 1000) / 1000).toFixed(3);
  return [0, Math.floor(sorted.length / 2), sorted.length - 1].map(shown).join(' / ');
}

const countsOf = (group: readonly Judged[]) =>
  verdicts
    .map((verdict) => group.filter(({ similarity }) => byThresholds(similarity) === verdict).length)
    .join(' / ');

function asTable([header = [], ...rows]: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
