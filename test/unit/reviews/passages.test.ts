import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dividePassages, halvePassage } from '../../../src/reviews/passages.ts';
import { type Finding, maxDrafts } from '../../../src/reviews/review.ts';

const reviewOf = (findings: readonly Finding[], summary = 'A summary.') => ({
  reviewType: 'incident',
  summary,
  findings,
});
const finding = (title: string, characters: number): Finding => ({ title, body: 'x'.repeat(characters) });

describe('the passages of a review', () => {
  it('hold the summary and each finding with its severity and its resolution, in Markdown', () => {
    const findings = [
      {
        title: 'No alert\nbefore it',
        body: ' It asked another host. ',
        severity: 'high',
        resolution: 'Asks each.',
      },
      { title: 'Plain', body: 'Only a body.' },
    ];
    expect(dividePassages(reviewOf(findings))).toEqual([
      [
        '# Summary\n\nA summary.',
        '## No alert before it\n\nSeverity: high\n\nIt asked another host.\n\nResolution:\n\nAsks each.',
        '## Plain\n\nOnly a body.',
      ].join('\n\n'),
    ]);
  });

  it('are divided between findings, at 12,000 characters', () => {
    const passages = dividePassages(
      reviewOf([finding('A', 7_000), finding('B', 4_000), finding('C', 4_000)]),
    );
    expect(passages.map((passage) => passage.match(/^## \w/gm))).toEqual([['## A', '## B'], ['## C']]);
  });

  it('are no more than the drafts of a review, and lose no finding', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 11_000 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(sizes, (each) => {
        const findings = each.map((size, i) => finding(`F${i}`, size));
        const passages = dividePassages(reviewOf(findings));
        expect(passages.length).toBeLessThanOrEqual(maxDrafts);
        expect(passages.join('\n\n').match(/^## F\d+$/gm)).toEqual(
          findings.map(({ title }) => `## ${title}`),
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe('the halves of a passage', () => {
  it('begin at the finding nearest to the middle', () => {
    const [passage = ''] = dividePassages(
      reviewOf([finding('A', 900), finding('B', 800), finding('C', 900)]),
    );
    const [first, second] = halvePassage(passage);
    expect([first.match(/^## \w/gm), second.match(/^## \w/gm)]).toEqual([['## A'], ['## B', '## C']]);
  });

  it('are whole paragraphs of a long finding', () => {
    const [first, second] = halvePassage(`## A\n\n${'a'.repeat(500)}\n\n${'b'.repeat(500)}`);
    expect([first.endsWith('a'), second]).toEqual([true, 'b'.repeat(500)]);
  });

  it('lose nothing but white space of any text, and cut no character in two', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 2 }), (text) => {
        const halves = halvePassage(text);
        expect(halves.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
        expect(halves.map((half) => Buffer.from(half).toString())).toEqual(halves);
      }),
    );
  });
});
