import { describe, expect, it } from 'vitest';
import { findJsonFault } from '../../../src/platform/http/json-limits.ts';
import { jsonObject } from '../../../src/platform/http/schemas.ts';

const filled = (length: number, item: unknown = 0): unknown[] => new Array(length).fill(item);
const withFields = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i.toString(36)}`, 0]));
const nested = (depth: number): unknown => (depth === 0 ? 0 : [nested(depth - 1)]);

describe('the size of a JSON value', () => {
  it.each<[string, unknown, unknown, string]>([
    ['entries of an array', { a: filled(40_000) }, { a: filled(40_001) }, 'a'],
    ['fields of an object', { a: [withFields(15_000)] }, { a: [withFields(15_001)] }, 'a[0]'],
    ['values in all', filled(9, filled(11_110)), filled(9, filled(11_111)), ''],
    ['levels', nested(31), nested(33), '[0]'.repeat(32)],
    ['characters of a name', { ['x'.repeat(1_000)]: 0 }, { ['x'.repeat(1_001)]: 0 }, ''],
  ])('is bounded by the number of %s', (_what, most, more, path) => {
    expect(findJsonFault(most)).toBeUndefined();
    expect(findJsonFault(more)).toEqual({ path, message: expect.stringMatching(/at most|deeper|more than/) });
  });

  it('is noticed before the values are looked at', () => {
    const text = `{"metadata":{"a":[${filled(900_000, 1).join()}]}}`;
    const parsing = fastest(() => JSON.parse(text));
    const value: unknown = JSON.parse(text);
    expect(fastest(() => findJsonFault(value))).toBeLessThan(parsing / 10);
  });

  it('leaves room for every metadata of the longest size', () => {
    const metadata = jsonObject({ maxBytes: 65_536 });
    const entries = { a: filled(32_764) };
    const fields = withFields(7_300);
    for (const longest of [entries, fields]) {
      expect(JSON.stringify(longest).length).toBeGreaterThan(60_000);
      expect(findJsonFault({ metadata: longest })).toBeUndefined();
      expect(metadata.safeParse(longest).success).toBe(true);
    }
    expect(metadata.safeParse({ a: filled(32_765) }).success).toBe(false);
  });
});

describe('the bytes of an object', () => {
  const size = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

  it.each<[string, Record<string, unknown>]>([
    ['letters of three bytes', { a: '知'.repeat(300) }],
    ['line breaks, which take two', { a: '\n'.repeat(300) }],
    ['nested arrays', { a: [[[1, 2], [3]], [], [[]]], b: null, c: true, d: {} }],
    ['long names', { ['n'.repeat(200)]: { ['m'.repeat(300)]: 0 } }],
    ['numbers', { a: [1.5, -2e300, 123456789] }],
    ['nothing', {}],
  ])('are counted to the last one: %s', (_what, value) => {
    expect(jsonObject({ maxBytes: size(value) }).safeParse(value).success).toBe(true);
    expect(jsonObject({ maxBytes: size(value) - 1 }).safeParse(value).success).toBe(false);
  });

  it('are not written out to be counted when there are far too many', () => {
    const value = { a: filled(900_000) };
    const writing = fastest(() => JSON.stringify(value));
    const schema = jsonObject({ maxBytes: 1_000 });
    expect(fastest(() => schema.safeParse(value))).toBeLessThan(writing / 2);
  });
});

describe('a field that is called __proto__', () => {
  it.each(['{"__proto__":{"a":1}}', '{"a":[{"__proto__":null}]}', '{"\\u005f_proto__":1}'])(
    'is refused: %s',
    (text) => {
      expect(findJsonFault(JSON.parse(text))?.message).toContain('__proto__');
    },
  );

  it('has no relatives: other names of JavaScript are names of fields', () => {
    const names = { constructor: 1, prototype: 2, toString: 3, hasOwnProperty: 4, valueOf: 5, length: 6 };
    const text = JSON.stringify(names);
    expect(findJsonFault(JSON.parse(text))).toBeUndefined();
    const parsed = jsonObject({ maxBytes: 1_000 }).parse(JSON.parse(text));
    expect(JSON.stringify(parsed)).toBe(text);
  });
});

/** Milliseconds of the fastest of a few runs. */
function fastest(run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i += 1) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
