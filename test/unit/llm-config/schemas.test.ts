import { describe, expect, test } from 'vitest';
import { patchSchema } from '../../../src/llm-config/schemas.ts';

describe('a key', () => {
  test('loses the white space around it', () => {
    expect(patchSchema.parse({ embedding_api_key: `\n\t ${'k'.repeat(20)} \r\n` })).toEqual({
      embedding_api_key: 'k'.repeat(20),
    });
  });

  test.each([20, 500])('of %d characters is taken', (length) => {
    expect(accepts({ api_key: 'k'.repeat(length), embedding_api_key: 'k'.repeat(length) })).toBe(true);
  });

  test.each([
    ['19 characters', 'k'.repeat(19)],
    ['501 characters', 'k'.repeat(501)],
    ['20 characters, one of them a space at the end', `${'k'.repeat(19)} `],
    ['an empty text', ''],
    ['a line break inside', `${'k'.repeat(20)}\n${'k'.repeat(20)}`],
    ['a letter outside ASCII', `${'k'.repeat(30)}é`],
    ['a control character', `${'k'.repeat(30)}\u0007`],
    ['a NUL', `${'k'.repeat(20)}\u0000k`],
    ['a lone surrogate', `${'k'.repeat(20)}\ud800`],
    ['a number', 1234567890123456],
    ['a list', ['k'.repeat(30)]],
  ])('is refused: %s', (_, key) => {
    expect(accepts({ api_key: key })).toBe(false);
    expect(accepts({ embedding_api_key: key })).toBe(false);
  });

  test('that is refused is not repeated in the reasons', () => {
    const secret = `canary-${'x'.repeat(600)}`;
    const { error } = patchSchema.safeParse({ api_key: secret, embedding_api_key: `${secret}é` });
    expect(JSON.stringify(error?.issues)).not.toContain('canary');
  });
});

describe('a model', () => {
  test.each(['text-embedding-3-small', 'a', 'org/model:v1.2_x', 'm'.repeat(200)])('%s is taken', (model) => {
    expect(accepts({ embedding_model: model, merge_model: model })).toBe(true);
  });

  test.each(['', 'm'.repeat(201), 'two words', 'new\nline', 'ü', 'a;b', 7])('%j is refused', (model) => {
    expect(accepts({ embedding_model: model })).toBe(false);
    expect(accepts({ extraction_model: model })).toBe(false);
  });
});

test.each([0, 1, 2 ** 53 - 1, null])('a budget of %s is taken', (budget) => {
  expect(accepts({ monthly_token_budget: budget })).toBe(true);
});

test.each([-1, 1.5, '7', 2 ** 53, true])('a budget of %j is refused', (budget) => {
  expect(accepts({ monthly_token_budget: budget })).toBe(false);
});

test('null is taken for every field, and an empty body too', () => {
  expect(accepts({})).toBe(true);
  expect(accepts(Object.fromEntries(Object.keys(patchSchema.shape).map((field) => [field, null])))).toBe(
    true,
  );
});

test.each([{ unknown: 1 }, { has_api_key: true }, { effective: {} }, [], null, 'text'])(
  'a body such as %j is refused',
  (body) => {
    expect(accepts(body)).toBe(false);
  },
);

function accepts(body: unknown) {
  return patchSchema.safeParse(body).success;
}
