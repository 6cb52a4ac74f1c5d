import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../../src/providers/embedding/read-answer.ts';
import { readUsage } from '../../../src/providers/embedding/read-usage.ts';

describe('an answer with vectors', () => {
  it('without any index is in the order of the inputs', () => {
    expect(readAnswer({ data: [item([1, 0]), item([0, 1])] }, 2)).toEqual({
      ...{ form: 'numbers', index: false },
      vectors: [
        [1, 0],
        [0, 1],
      ],
    });
    expect(readAnswer({ data: [item([1, 0], null), item([0, 1], null)] }, 2)).toMatchObject({ index: false });
  });

  it('is put in the order of its indexes', () => {
    expect(readAnswer({ data: [item([1, 0], 1), item([0, 1], 0)] }, 2)?.vectors).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it('may be base64 of single-precision numbers, the lowest byte first', () => {
    expect(readAnswer({ data: [item('AACAPwAAAMA=')] }, 1)).toEqual({
      ...{ form: 'base64', index: false, vectors: [[1, -2]] },
    });
  });

  it.each<[string, unknown]>([
    ['some have an index and some have not', { data: [item([1, 0], 0), item([0, 1])] }],
    ['an index is doubled', { data: [item([1, 0], 0), item([0, 1], 0)] }],
    ['an index is out of range', { data: [item([1, 0], 0), item([0, 1], 2)] }],
    ['an index is negative', { data: [item([1, 0], 0), item([0, 1], -1)] }],
    ['an index is a fraction', { data: [item([1, 0], 0), item([0, 1], 0.5)] }],
    ['an index is a text', { data: [item([1, 0], '0'), item([0, 1], '1')] }],
    ['there are fewer than were asked for', { data: [item([1, 0])] }],
    ['there are more', { data: [item([1, 0]), item([0, 1]), item([1, 1])] }],
    ['there are none', { data: [] }],
    ['data is null', { data: null }],
    ['there is no data', { object: 'list' }],
    ['data is an object', { data: { 0: item([1, 0]), 1: item([0, 1]), length: 2 } }],
    ['one is null', { data: [item([1, 0]), item(null)] }],
    ['one is empty', { data: [item([]), item([])] }],
    ['one has another length', { data: [item([1, 0]), item([1])] }],
    ['one is zero', { data: [item([1, 0]), item([0, 0])] }],
    ['one has no number', { data: [item([1, 0]), item([null, 1])] }],
    ['numbers are texts', { data: [item(['1', '0']), item(['0', '1'])] }],
    ['a vector is JSON in a text', { data: [item('[1,0]'), item('[0,1]')] }],
    ['a number is NaN or infinite', { data: [item([1, Number.NaN]), item([1, Number.POSITIVE_INFINITY])] }],
    ['single precision cannot hold a number', { data: [item([1, 0]), item([1e300, 0])] }],
    ['single precision makes nothing of a vector', { data: [item([1, 0]), item([1e-60, 0])] }],
    ['base64 and numbers are mixed', { data: [item([1, -2]), item('AACAPwAAAMA=')] }],
    ['base64 is cut', { data: [item('AACAPwAAAMA='), item('AACAPwAAAM')] }],
    ['base64 has other lengths', { data: [item('AACAPwAAAMA='), item('AACAPw==')] }],
    ['base64 holds NaN', { data: [item('AACAPwAAAMA='), item(base64([Number.NaN, 1]))] }],
    ['base64 holds zeros', { data: [item('AACAPwAAAMA='), item(base64([0, 0]))] }],
    ['base64 has blanks', { data: [item('AACAPwAAAMA='), item('AACA PwAAAMA=')] }],
    ['base64 is that of URLs', { data: [item(base64([-1.5, 2])), item('__-_vwAAAEA=')] }],
    ['vectors have more dimensions than a column', { data: [item(ones(16_001)), item(ones(16_001))] }],
    ['vectors are at another place', { embeddings: [[1], [2]] }],
  ])('in which %s is not read', (_, answer) => {
    expect(readAnswer(answer, 2)).toBeUndefined();
  });

  it('as base64 gives back every vector of single precision that can be stored', () => {
    const numbers = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 1,
      maxLength: 64,
    });
    fc.assert(
      fc.property(numbers, (vector) => {
        fc.pre(vector.some((value) => value !== 0));
        expect(readAnswer({ data: [item(base64(vector))] }, 1)?.vectors[0]).toEqual(vector);
      }),
    );
  });

  it('may be any JSON: it is read without an error, and only finite vectors of one length come of it', () => {
    const near = fc.record(
      {
        data: fc.array(
          fc.record(
            {
              index: fc.oneof(fc.integer({ min: -1, max: 4 }), fc.jsonValue()),
              embedding: fc.oneof(fc.array(fc.double()), fc.base64String(), fc.jsonValue()),
            },
            { requiredKeys: [] },
          ),
          { maxLength: 4 },
        ),
        usage: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), near), fc.integer({ min: 1, max: 4 }), (answer, inputs) => {
        const read = readAnswer(answer, inputs);
        if (read !== undefined) {
          expect(read.vectors).toHaveLength(inputs);
          expect(new Set(read.vectors.map(({ length }) => length)).size).toBe(1);
          expect(read.vectors.flat().every(Number.isFinite)).toBe(true);
        }
        const { cost } = readUsage(answer);
        if (cost.kind === 'told') expect(cost.inputTokens).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the usage of an answer', () => {
  it.each<[unknown, string, number]>([
    [{ prompt_tokens: 7, total_tokens: 9 }, 'prompt_tokens', 7],
    [{ total_tokens: 9 }, 'total_tokens', 9],
    [{ input_tokens: 5 }, 'input_tokens', 5],
    [{ prompt_tokens: 0, total_tokens: 9 }, 'total_tokens', 9],
    [{ prompt_tokens: null, total_tokens: 9 }, 'total_tokens', 9],
  ])('%o is read from %s', (usage, field, inputTokens) => {
    const cost = { kind: 'told', inputTokens, outputTokens: 0 };
    expect(readUsage({ usage })).toEqual({ field, cost });
  });

  it.each([
    ...[null, {}, [], 12, '12', { prompt_tokens: null }, { prompt_tokens: '12' }, { prompt_tokens: -3 }],
    ...[{ prompt_tokens: 11.5 }, { prompt_tokens: 0, total_tokens: 0 }, { prompt_tokens: 1e300 }, undefined],
  ])('%o tells nothing', (usage) => {
    expect(readUsage({ usage })).toEqual({ field: 'none', cost: { kind: 'unknown' } });
  });
});

const item = (embedding: unknown, index?: unknown) =>
  index === undefined ? { object: 'embedding', embedding } : { object: 'embedding', index, embedding };

const base64 = (vector: readonly number[]) => Buffer.from(new Float32Array(vector).buffer).toString('base64');

const ones = (length: number) => new Array<number>(length).fill(1);
