import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, describe, expect } from 'vitest';
import { fuseByRank, normalised, rankByCosine } from '../../quality/collections/baselines.ts';
import { createBm25 } from '../../quality/collections/bm25.ts';
import { pairedDifference } from '../../quality/collections/bootstrap.ts';
import { readCollection } from '../../quality/collections/collection.ts';
import { barsOf } from '../../quality/collections/table.ts';
import { linearGain, ndcgAt10 } from '../../quality/ndcg.ts';

const it = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const made = await mkdtemp(join(tmpdir(), 'collection-'));
    await use(made);
    await rm(made, { recursive: true });
  },
});

const corpus = '{"_id": "1", "title": "Pumps", "text": "Oil them."}\n{"_id": 2, "text": "Bread."}\n';
const queries = '{"_id": "a", "text": "pump"}\n{"_id": "b", "text": "not judged"}\n';

describe('a collection', () => {
  it('is read with the queries that are judged, and grades above 0', async ({ folder }) => {
    await write(folder, { corpus, queries, judged: 'a\t1\t2\na\t2\t0\n' });
    const { documents, queries: read } = await readCollection(folder);
    expect(documents).toEqual([
      { id: '1', title: 'Pumps', text: 'Oil them.' },
      { id: '2', title: '', text: 'Bread.' },
    ]);
    expect(read).toEqual([{ id: 'a', text: 'pump', grades: { 1: 2 } }]);
  });

  it.for([
    ['that is not there', undefined, 'corpus.jsonl cannot be read'],
    ['with a line that is not JSON', { corpus: 'x' }, 'corpus.jsonl, line 1: not JSON'],
    ['with a document without text', { corpus: '{"_id": "1"}' }, 'corpus.jsonl, line 1'],
    ['with an empty file', { queries: '\n' }, 'queries.jsonl is empty'],
    ['that judges what it does not have', { judged: 'a\t3\t1\n' }, 'line 2: corpus.jsonl has no document 3'],
    ['with a judgment without a grade', { judged: 'a\t1\n' }, 'test.tsv, line 2'],
    ['without a judged query', { judged: 'a\t1\t0\n' }, 'no query of queries.jsonl is judged'],
  ] as const)('%s is refused with the file and the line', async ([, wrong, message], { folder }) => {
    if (wrong !== undefined) await write(folder, { corpus, queries, judged: 'a\t1\t2\n', ...wrong });
    await expect(readCollection(wrong === undefined ? join(folder, 'none') : folder)).rejects.toThrow(
      message,
    );
  });
});

describe('a baseline', () => {
  it('BM25 finds stems in the language of the text, and puts the rarer word first', () => {
    const rank = createBm25([
      { id: 'pumps', title: '', text: 'The pumps of this house are oiled in spring and the house is warm' },
      { id: 'house', title: '', text: 'The house of this family has a roof and the roof has tiles' },
      {
        id: 'haus',
        title: '',
        text: 'Die Häuser dieser Straße haben keine Dächer, und das ist schade für die Leute',
      },
    ]);
    expect(rank('pump of the house')).toEqual(['pumps', 'house']);
    expect(rank('zebra')).toEqual([]);
  });

  it('cosine takes the nearest of a document’s vectors', () => {
    const of = (...vectors: number[][]) => vectors.map(normalised);
    const documents = [
      { id: 'far', vectors: of([0, 1]) },
      { id: 'near', vectors: of([0, 1], [3, 1]) },
    ];
    expect(rankByCosine(normalised([1, 0]), documents)).toEqual(['near', 'far']);
  });

  it('rank fusion puts what both have before the first of either', () => {
    expect(
      fuseByRank([
        ['a', 'both'],
        ['b', 'both'],
      ]),
    ).toEqual(['both', 'a', 'b']);
  });
});

describe('the measure', () => {
  it('takes grades as they are where it is to', () => {
    expect(ndcgAt10(['x', 'good'], { good: 4 }, linearGain)).toBeCloseTo(1 / Math.log2(3));
    const half = ndcgAt10(['two'], { two: 2, three: 3 }, linearGain);
    expect(half).toBeCloseTo(2 / (3 + 2 / Math.log2(3)));
  });

  it('compares two series by their queries, always with the same interval', () => {
    const one = Array.from({ length: 50 }, (_, index) => (index % 5) / 5 + 0.1);
    const other = Array.from({ length: 50 }, (_, index) => (index % 5) / 5);
    const { mean, low, high } = pairedDifference(one, other);
    expect([mean, low, high].map((value) => value.toFixed(6))).toEqual(['0.100000', '0.100000', '0.100000']);
    const noisy = other.map((value, index) => value + (index % 2 === 0 ? 0.4 : -0.4));
    const uncertain = pairedDifference(noisy, other);
    expect(uncertain.low).toBeLessThan(0);
    expect(uncertain.high).toBeGreaterThan(0);
    expect(pairedDifference(noisy, other)).toEqual(uncertain);
    expect(() => pairedDifference([1], [])).toThrow('different queries');
  });

  it('calls a bar missed where hybrid is surely worse than the best baseline', () => {
    const each = (value: number) => Array.from({ length: 30 }, () => value);
    const ndcg = (hybrid: number) => ({
      ...{ keyword: each(0.5), semantic: each(0.6), hybrid: each(hybrid) },
      ...{ BM25: each(0.5), cosine: each(0.6), 'rank fusion': each(0.7) },
    });
    const bars = (hybrid: number) =>
      barsOf({ name: 'c', documents: 1, queries: 30, ndcg: ndcg(hybrid) }).map(({ name, isMet }) => [
        name,
        isMet,
      ]);
    expect(bars(0.71)).toEqual([
      ['hybrid ≥ rank fusion', true],
      ['keyword ≥ BM25', true],
    ]);
    expect(bars(0.69)[0]).toEqual(['hybrid ≥ rank fusion', false]);
  });
});

async function write(folder: string, files: { corpus: string; queries: string; judged: string }) {
  await mkdir(join(folder, 'qrels'));
  await writeFile(join(folder, 'corpus.jsonl'), files.corpus);
  await writeFile(join(folder, 'queries.jsonl'), files.queries);
  await writeFile(join(folder, 'qrels', 'test.tsv'), `query-id\tcorpus-id\tscore\n${files.judged}`);
}
