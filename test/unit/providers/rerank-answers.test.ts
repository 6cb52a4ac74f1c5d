import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listedVendors } from '../../../src/providers/catalogue/vendors.ts';
import { readRerankCost, readScores } from '../../../src/providers/rerank/read-scores.ts';
import { classifyRefusal } from '../../../src/providers/wire/classify-refusal.ts';
import { meanings } from '../../recorded-answers/recorded-vendor.ts';
import { recordedReranking } from '../../recorded-answers/reranking.ts';

const reranking = listedVendors.filter(({ rerank }) => rerank !== null);
const inResults = { scoresIn: 'results' } as const;
const scored = (index: unknown, relevance_score: unknown) => ({ index, relevance_score });

describe('the recorded answers of reranking', () => {
  it('are those of every vendor that reranks', () => {
    expect(recordedReranking.map(({ vendor }) => vendor)).toEqual(reranking.map(({ name }) => name));
  });

  it.each(recordedReranking)('of $vendor: a good one is read', ({ vendor, good }) => {
    const rerank = reranking.find(({ name }) => name === vendor)?.rerank;
    expect(rerank && readScores(good.body, rerank, 3)).toEqual([0.0003, 0.455078125, 0.92]);
    expect(readRerankCost(good.body)).toEqual(
      good.tokens === null
        ? { kind: 'unknown' }
        : { kind: 'told', inputTokens: good.tokens, outputTokens: 0 },
    );
  });

  it.each(
    recordedReranking.flatMap(({ vendor, refusals }) =>
      refusals.map((refusal) => [vendor, refusal.kind, refusal.status, refusal] as const),
    ),
  )('of %s: a refusal is known: %s, %i', (name, kind, status, refusal) => {
    const vendorWords = reranking.find((vendor) => vendor.name === name)?.errorWords ?? {};
    const headers = new Headers({ 'content-type': 'application/json' });
    const { code, hint } = classifyRefusal({ status, body: refusal.body, headers, vendorWords });
    const meaning: { readonly code: string; readonly hint?: string } = meanings[kind];
    expect([code, hint?.kind]).toEqual([meaning.code, meaning.hint]);
  });
});

describe('the scores of an answer', () => {
  it('are in the order of the request, whatever theirs is', () => {
    expect(readScores({ results: [scored(1, 0.5), scored(0, -2)] }, inResults, 2)).toEqual([-2, 0.5]);
  });

  it('are null for a text that it leaves out', () => {
    expect(readScores({ results: [scored(1, 0.5)] }, inResults, 3)).toEqual([null, 0.5, null]);
  });

  it.each<[string, unknown]>([
    ['no object', 'results'],
    ['another field', { data: [scored(0, 1)] }],
    ['no list', { results: { 0: scored(0, 1) } }],
    ['none', { results: [] }],
    ['more than texts', { results: [scored(0, 1), scored(1, 1), scored(2, 1)] }],
    ['one text twice', { results: [scored(0, 1), scored(0, 2)] }],
    ['a text that is not there', { results: [scored(2, 1)] }],
    ['a text before the first', { results: [scored(-1, 1)] }],
    ['half a text', { results: [scored(0.5, 1)] }],
    ['a score in words', { results: [scored(0, '0.5')] }],
    ['no score', { results: [scored(0, null)] }],
    ['an infinite score', { results: [scored(0, Number.POSITIVE_INFINITY)] }],
    ['a score that is no number', { results: [scored(0, Number.NaN)] }],
  ])('are not there with %s', (_, answer) => {
    expect(readScores(answer, inResults, 2)).toBeUndefined();
  });

  it('are one for each text or none at all, whatever the answer is', () => {
    const item = fc.oneof(
      fc.anything(),
      fc.record({ index: fc.integer({ min: -1, max: 4 }), relevance_score: fc.double() }),
    );
    fc.assert(
      fc.property(fc.array(item, { maxLength: 5 }), fc.integer({ min: 1, max: 4 }), (results, documents) => {
        const scores = readScores({ results }, inResults, documents);
        if (scores === undefined) return;
        expect(scores).toHaveLength(documents);
        for (const score of scores) expect(score === null || Number.isFinite(score)).toBe(true);
      }),
    );
  });
});
