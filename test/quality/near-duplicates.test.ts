import { test as base, expect, inject, vi } from 'vitest';
import { loadSamples } from '../../src/stack/samples/index.ts';
import { embedTexts } from './near-duplicates/embedded-texts.ts';
import { type GateJudged, measureGate } from './near-duplicates/measurement.ts';
import { type Kind, kinds } from './near-duplicates/proposal.ts';
import { loadProposals } from './near-duplicates/proposals.ts';

/**
 * The service's formula with the real model, on as many of the proposals as embed in half a minute: `npm run bench:gate` measures
 * all. The figures are the same in each run: an expectation is missed by a change, not by chance.
 */
const it = base.extend('judged', { scope: 'file' }, (): Promise<readonly GateJudged[]> => judgeProposed());
// The model embeds all texts within the first fact.
vi.setConfig({ testTimeout: 900_000 });

it('throws away no text that says something of its own, be it a few words', ({ judged }) => {
  const group = judged.filter(({ kind }) => kinds[kind].saysMore !== 'nothing');
  expect(group.map(({ kind }) => kind)).toContain('claim turned');
  expect(verdictsOf(group).filter(({ verdict }) => verdict === 'duplicate')).toEqual([]);
});

it('calls every other article novel, that of the same subject too', ({ judged }) => {
  const group = judged.filter(({ kind }) => kinds[kind].label === 'novel');
  expect(verdictsOf(group).filter(({ verdict }) => verdict !== 'novel')).toEqual([]);
});

it('lets no edited copy pass as novel, and finds the article that it is a copy of', ({ judged }) => {
  const group = judged.filter(({ kind }) => kinds[kind].label === 'duplicate' || kind === 'section added');
  expect(verdictsOf(group).filter(({ verdict }) => verdict === 'novel')).toEqual([]);
  expect(group.filter(({ name, nearest }) => !name.startsWith(nearest))).toEqual([]);
});

it('sees that an article says another in other case, or with a sentence less', ({ judged }) => {
  const group = [...of(judged, 'lower case'), ...of(judged, 'sentence removed')];
  expect(verdictsOf(group).filter(({ verdict }) => verdict !== 'duplicate')).toEqual([]);
});

it('keeps a copy with a few typing errors as a draft: a word that is spelt otherwise may be another', ({
  judged,
}) => {
  expect(verdictsOf(of(judged, 'typos')).filter(({ verdict }) => verdict !== 'low_novelty')).toEqual([]);
});

it('sees the paraphrases that keep closest to their article', ({ judged }) => {
  expect(verdictsOf(of(judged, 'paraphrase')).filter(({ verdict }) => verdict !== 'low_novelty')).toEqual([]);
});

async function judgeProposed(): Promise<readonly GateJudged[]> {
  const samples = (await loadSamples()).filter(({ slug }) => published.test(slug));
  const proposals = (await loadProposals(samples)).filter(({ kind, name }) => proposed[kind]?.test(name));
  const articles = [...samples, ...proposals.map(({ article }) => article)];
  const embedded = await embedTexts(inject('embeddingUrl'), articles);
  const judged = measureGate({ samples, proposals, embedded });
  expect(new Set(judged.map(({ kind }) => kind))).toEqual(new Set(Object.keys(proposed)));
  return judged;
}

const published = /^(06|07|14|23|27|30)-/;
/** By kind, the names of the proposals that are made here. */
const proposed: Readonly<Partial<Record<Kind, RegExp>>> = {
  'other type': /^30-/,
  typos: /^(14|30)-/,
  'lower case': /^07-/,
  'sentence removed': /^06-/,
  'claim turned': /^(14|27)-/,
  'section added': /^06-.* with section-06|^14-.* with section-14/,
  paraphrase: /-(23|30)$/,
  translation: /-30-es$/,
  'other claim': /-(14|23|27)$/,
  'other sample': published,
  unrelated: /-bread$/,
};

function verdictsOf(group: readonly GateJudged[]) {
  return group.map(({ kind, name, verdict, similarity, nearest }) => ({
    verdict,
    of: `${kind}: ${name}, ${similarity} like ${nearest}`,
  }));
}

function of(judged: readonly GateJudged[], kind: Kind) {
  return judged.filter((each) => each.kind === kind);
}
