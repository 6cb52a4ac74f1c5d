import { compareWords } from '../../../src/domain/sentences/compare-words.ts';
import { verdictOn } from '../../../src/proposals/decision.ts';
import type { Sample } from '../../../src/stack/samples/index.ts';
import { type EmbeddedText, model } from './embedded-texts.ts';
import { centred, chosen, type Formula, formulas, meanVector, type WeighedVector } from './formulas.ts';
import { type Kind, kinds, type Proposal, type Verdict } from './proposal.ts';

/** A proposal and its similarity to the published article that it is most like. */
export interface Judged {
  readonly name: string;
  readonly kind: Kind;
  readonly similarity: number;
  readonly nearest: string;
}

/** The same with the gate's verdict, which looks at the words first. */
export interface GateJudged extends Judged {
  readonly verdict: Verdict;
}

/** What one formula says of all proposals, on the vectors as they come or after a change of all of them. */
export interface Measured {
  readonly vectors: string;
  readonly formula: string;
  readonly judged: readonly Judged[];
}

/** What any formula needs: the texts, and their vectors. */
export interface Material {
  readonly samples: readonly Sample[];
  readonly proposals: readonly Proposal[];
  readonly embedded: EmbeddedText;
}

type Change = (vector: readonly number[]) => readonly number[];

export const byLabel = (judged: readonly Judged[], label: Verdict) =>
  judged.filter(({ kind }) => kinds[kind].label === label);

/** Every formula on raw and on centred vectors, and last the one that the service uses. */
export function measureFormulas(material: Material): Measured[] {
  const { samples, proposals, embedded } = material;
  const ownMean = meanVector(samples.flatMap(embedded).map(({ vector }) => vector));
  const strangers = proposals.filter(({ kind }) => kind === 'unrelated' || kind === 'other claim');
  const fixedMean = meanVector(
    strangers.flatMap(({ article }) => embedded(article)).map(({ vector }) => vector),
  );
  const changes: Readonly<Record<string, Change>> = {
    raw: (vector) => vector,
    'less the tenant’s mean': (vector) => centred(vector, ownMean),
    'less a fixed mean': (vector) => centred(vector, fixedMean),
  };
  const all = Object.entries(changes).flatMap(([vectors, change]) =>
    Object.entries(formulas).map(([formula, compute]) => ({
      vectors,
      formula,
      judged: judge(material, compute, change),
    })),
  );
  return [...all, { vectors: 'raw', formula: 'the service’s', judged: measureChosen(material) }];
}

/** What the service's formula says of all proposals. */
const measureChosen = (material: Material): Judged[] => judge(material, chosen(model), (vector) => vector);

/** What the gate says of all proposals: by their words, and by the service's formula where no article says them. */
export function measureGate(material: Material): GateJudged[] {
  const judged = measureChosen(material);
  return material.proposals.map(({ article, without }, at) => {
    const each = judged[at];
    if (each === undefined) throw new Error('a proposal was not judged');
    const articles = material.samples.filter(({ slug }) => slug !== without);
    const { kind } = compareWords({ proposal: article, articles });
    return { ...each, verdict: kind === 'said' ? 'duplicate' : verdictOn(each.similarity) };
  });
}

function judge({ samples, proposals, embedded }: Material, formula: Formula, change: Change): Judged[] {
  const changed = (chunks: readonly WeighedVector[]) =>
    chunks.map(({ vector, weight }) => ({ vector: change(vector), weight }));
  const published = samples.map((sample) => ({ slug: sample.slug, chunks: changed(embedded(sample)) }));
  return proposals.map(({ name, kind, article, without }) => {
    const chunks = changed(embedded(article));
    let best = { similarity: -1, nearest: '' };
    for (const each of published) {
      if (each.slug === without) continue;
      const similarity = formula(chunks, each.chunks);
      if (similarity > best.similarity) best = { similarity, nearest: each.slug };
    }
    return { name, kind, ...best };
  });
}
