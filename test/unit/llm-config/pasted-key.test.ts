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
    [`OPENAI_API_KEY: ${key}`, 1],
    [`openai_api_key: "${key}"`, 2],
    [`"openai-api-key": "${key}",`, 2],
    [`'KEY':'Bearer ${key}'`, 3],
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
    'sk-"quoted"-inside-000',
    '"only-one-quote-000000',
    'exported-by-nobody-000',
    'bearer-of-good-news-00',
    'SK:HEADER-LIKE:0000000',
    'sk:header-like:0000000',
    'two..dots..and**stars0',
    '{not-json-at-all-00000',
    'a-key-with-lk_inside-0',
    '0-http://-inside-00000',
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
    ['key with blanks in it 1', 'has a blank at character 4; copy the key again'],
    [`OPENAI_API_KEY: sk-1234 5678`, 'has a blank at character 24'],
    ['Authorization: Basic dXNlcjpwYXNz', 'has a blank at character 21'],
    ['sk-ab***********yz', 'is masked (at character 6); copy the whole key'],
    ['"sk-ab•••yz"', 'is masked (at character 7)'],
    ['sk-ab...yz', 'is masked (at character 6)'],
    ['...4f2a', 'is masked (at character 1)'],
    ['sk-ab…', 'is masked (at character 6)'],
    ['{"api_key": "sk-1234567890"}', 'is JSON (at character 1); give the key that stands in it'],
    ['KEY=[ "sk-1234567890" ]', 'is JSON (at character 5)'],
    ['https://api.openai.com/v1', 'is an address, not a key (at character 1)'],
    [
      `Bearer lk_${'a'.repeat(43)}`,
      'is a key of Lorekeep, not of a provider (at character 8); give the key of the provider',
    ],
    ['', 'holds no key'],
    ['  \n', 'holds no key'],
    ['k'.repeat(501), 'must have at most 500 characters'],
  ])('%j is refused: it %s', (given, message) => {
    expect(readPastedKey(given)).toEqual({
      kind: 'refused',
      message: expect.stringContaining(message),
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
        if (read.kind === 'key') expect(read.key).toMatch(/^[\x21-\x7e]{1,500}$/);
        const said = JSON.stringify(read.kind === 'key' ? read.notices : read.message);
        for (const piece of given.match(/[0-9!-&*-]{5,}/g) ?? []) expect(said).not.toContain(piece);
      }),
      { numRuns: 2_000 },
    );
  });
});
