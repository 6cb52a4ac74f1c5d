import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findJsonLoss } from '../../../src/platform/http/json-losses.ts';

const isKept = (number: string) => findJsonLoss(`{"a":[${number}]}`) === undefined;

describe('a number in JSON', () => {
  it.each([
    '0',
    '-0',
    '9007199254740992',
    '100000000000000000000',
    '1e21',
    '1.50',
    '1E+2',
    '0.1',
    '5e-324',
    '4.9E-324',
    '1.7976931348623157e308',
    '0.30000000000000004',
    '0e999999999',
    '123456789012345.6',
  ])('is taken when JavaScript holds it: %s', (number) => {
    expect(isKept(number)).toBe(true);
  });

  it.each([
    '9007199254740993',
    '-9007199254740993',
    '12345678901234567890',
    '18446744073709551616',
    '36028797018963968',
    '9007199254740993.0',
    '9007199254740993e0',
    '90071992547409930e-1',
    '1e400',
    '-1e400',
    '1e-400',
    '1e99999999999999999999',
    '1.0000000000000001',
    '0.1234567890123456789',
    '3.14159265358979323846',
    `1${'0'.repeat(400)}`,
    `0.${'0'.repeat(400)}1`,
    '1'.repeat(1_000),
  ])('is refused when it would become another one: %s', (number) => {
    expect(findJsonLoss(`{"a":{"b":[1,${number}]}}`)).toEqual({
      path: 'a.b[1]',
      message: expect.stringContaining('at most 15 digits'),
    });
  });

  it('is taken as JavaScript itself writes it, and as programs with 17 digits do', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(isKept(String(value))).toBe(true);
        if (!Number.isInteger(value)) expect(isKept(value.toExponential(16))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is taken as an integer exactly when it comes back digit by digit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (value) => {
        expect(isKept(String(value))).toBe(writtenByJavaScript(Number(value)) === value);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** The integer whose digits JavaScript writes for a number: 2^64 becomes 18446744073709552000. */
function writtenByJavaScript(value: number): bigint {
  const [, whole = '', fraction = '', exponent = '0'] =
    /^(-?\d+)(?:\.(\d+))?(?:e\+(\d+))?$/.exec(String(value)) ?? [];
  return BigInt(whole + fraction) * 10n ** BigInt(Number(exponent) - fraction.length);
}

describe('a field that comes twice', () => {
  it.each([
    ['{"a":1,"a":2}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"m":[0,{"x":{},"b":1,"x":[]}]}', 'm[1].x'],
    ['{"a":{"b":1},"c":{"b":1,"b":1}}', 'c.b'],
    ['{"":1,"":1}', '(unknown field)'],
    ['[{"__proto__":1,"__proto__":1}]', '[0].(unknown field)'],
  ])('is refused: %s', (text, path) => {
    expect(findJsonLoss(text)).toEqual({ path, message: 'is there twice' });
  });

  it('is another one in another object', () => {
    expect(findJsonLoss('{"a":{"a":[{"a":1},{"a":1}]},"b":{"a":{}}}')).toBeUndefined();
  });
});

describe('JSON that a program has written', () => {
  it('loses nothing, whatever its strings hold', () => {
    const tricky = fc.constantFrom(
      '"',
      '\\',
      '\\"',
      '{"a":1,"a":2}',
      '1e400',
      ',',
      ']',
      '}',
      ': 12345678901234567890',
    );
    const text = fc.oneof(fc.string(), fc.string({ unit: tricky, maxLength: 6 }));
    const { json } = fc.letrec<{ json: unknown }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.constantFrom(null, true, false),
        fc.array(tie('json'), { maxLength: 4 }),
        fc.dictionary(text, tie('json'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(json, fc.constantFrom(undefined, 2, '\t'), (value, indent) => {
        expect(findJsonLoss(JSON.stringify(value, null, indent))).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });

  it.each<[string, string]>([
    ['one number of many digits', '7'.repeat(1_900_000)],
    ['zeros on both sides of a point', `1${'0'.repeat(950_000)}.${'0'.repeat(950_000)}`],
    ['zeros behind a digit', `0.${'10'.repeat(950_000)}`],
    ['backslashes', JSON.stringify('\\'.repeat(950_000))],
    ['quotes', JSON.stringify('"'.repeat(950_000))],
    ['numbers', `[${'1.5,'.repeat(39_000)}0]`],
    ['names', `{${Array.from({ length: 15_000 }, (_, i) => `"a${i}":1`).join()}}`],
  ])('is read in linear time, like JSON.parse: %s', (_what, text) => {
    // A reader that is quadratic takes a million times as long.
    expect(fastest(() => findJsonLoss(text))).toBeLessThan(
      100 *
        Math.max(
          1,
          fastest(() => JSON.parse(text)),
        ),
    );
  });
});

/** Milliseconds of the fastest of a few runs. */
function fastest(run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 4; i += 1) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
