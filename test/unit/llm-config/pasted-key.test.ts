import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPastedKey } from '../../../src/llm-config/pasted-key.ts';

const key = 'sk-proj-AbC123_xyz-4567890';

describe('a pasted key', () => {
  test.each([
    [key, 0],
    [`  ${key}\r\n`, 0],
    [`Bearer ${key}`, 1],
    [`bearer   ${key} `, 1],
    [`"${key}"`, 1],
    [`'${key}'`, 1],
    [`\`${key}\``, 1],
    [`“${key}”`, 1],
    [`"${key}",`, 1],
    [`OPENAI_API_KEY=${key}`, 1],
    [`export OPENAI_API_KEY=${key}`, 1],
    [`export openai_key="${key}";`, 2],
    [`set KEY=${key}`, 1],
    [`export X="Bearer ${key}"`, 3],
    [`X='"Bearer ${key}"'`, 3],
    [`Authorization: Bearer ${key}`, 2],
    [`api-key: ${key}`, 1],
    [`"Authorization: Bearer ${key}"`, 3],
  ])('in %j is found, and what was taken off is told', (given, notices) => {
    const read = readPastedKey(given);
    expect(read).toEqual({ kind: 'key', key, notices: expect.any(Array) });
    expect(read.kind === 'key' ? read.notices : []).toHaveLength(notices);
  });

  test.each([
    'YWJjZGVmZ2hpamtsbW5vcA==',
    'QUJDREVGR0g=',
    'ABC==DEF',
    'a=b&c=d-20-characters',
    'key with blanks in it 1',
    'sk-"quoted"-inside-000',
    '"only-one-quote-000000',
    'exported-by-nobody-000',
    'bearer-of-good-news-00',
    'sk:header-like:0000000',
  ])('%j is a key as it is', (given) => {
    expect(readPastedKey(given)).toEqual({ kind: 'key', key: given, notices: [] });
  });

  test.each([
    ['sk-12345678\nabcdefghijklmnop', 'has a line break at character 12'],
    ['sk-12345678\r\nabcdefghijklmnop', 'has a line break at character 12'],
    ['\n sk-12345678\nabcdefghijklmnop', 'has a line break at character 14'],
    ['sk-1234\tabcdefghijklmnop', 'has a tab at character 8'],
    ['sk-1234\u200babcdefghijklmnop', 'has a zero-width character at character 8'],
    ['sk-1234\ufeffabcdefghijklmnop', 'has a zero-width character at character 8'],
    ['sk-1234\u00adabcdefghijklmnop', 'has an invisible character at character 8'],
    ['sk-1234\u202eabcdefghijklmnop', 'has an invisible character at character 8'],
    ['sk-1234\u00a0abcdefghijklmnop', 'has a blank at character 8'],
    ['sk-1234éabcdefghijklmnop', 'has a character outside ASCII at character 8'],
    ['😀😀sk-1234', 'has a character outside ASCII at character 1'],
    ['sk-1234\u0000abcdefghijklmnop', 'has a control character at character 8'],
    ['sk-1234\u007fabcdefghijklmnop', 'has a control character at character 8'],
    ['export KEY="sk-\nabc"', 'has a line break at character 16'],
    ['–sk-with-a-dash', 'has a character outside ASCII at character 1'],
    ['', 'holds no key'],
    ['  \n', 'holds no key'],
    ['k'.repeat(501), 'must have at most 500 characters'],
  ])('%j is refused: it %s', (given, message) => {
    expect(readPastedKey(given)).toEqual({
      kind: 'refused',
      message: expect.stringMatching(new RegExp(`^${message}`)),
    });
  });

  test('is printable ASCII, and no message holds any of it, whatever is given', () => {
    const wrap = fc.constantFrom('', '"', "'", 'Bearer ', 'export A=', 'A=', '\n', ' ');
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 600 }),
      fc.tuple(wrap, wrap, fc.string({ maxLength: 40 }), wrap).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (given) => {
        const read = readPastedKey(given);
        if (read.kind === 'key') expect(read.key).toMatch(/^[\x20-\x7e]{1,500}$/);
        const said = JSON.stringify(read.kind === 'key' ? read.notices : read.message);
        for (const piece of given.match(/[0-9!-&*-]{5,}/g) ?? []) expect(said).not.toContain(piece);
      }),
      { numRuns: 2_000 },
    );
  });
});
