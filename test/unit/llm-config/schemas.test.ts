import { describe, expect, test } from 'vitest';
import { patchSchema } from '../../../src/llm-config/schemas.ts';

describe('a key', () => {
  test.each([
    ['a number', 1234567890123456],
    ['a list', ['k'.repeat(30)]],
    ['4001 characters', 'k'.repeat(4_001)],
  ])('is refused: %s', (_, key) => {
    expect(accepts({ api_key: key })).toBe(false);
    expect(accepts({ embedding_api_key: key })).toBe(false);
  });

  test('that is refused is not repeated in the reasons', () => {
    const secret = `canary-${'x'.repeat(6_000)}`;
    const { error } = patchSchema.safeParse({ api_key: secret, embedding_api_key: [secret] });
    expect(error?.issues).toHaveLength(2);
    expect(JSON.stringify(error?.issues)).not.toContain('canary');
  });
});

describe('a provider', () => {
  test('is one of the catalogue', () => {
    expect(accepts({ embedding_provider: 'azure-openai-classic' })).toBe(true);
    expect(accepts({ embedding_provider: 'default' })).toBe(true);
    expect(accepts({ embedding_provider: 'OpenAI' })).toBe(false);
  });

  test.each([1, 16_000])('may be asked for %d dimensions', (embedding_dimensions) => {
    expect(accepts({ embedding_dimensions })).toBe(true);
  });

  test.each([0, -1, 16_001, 1.5, '512'])('may not be asked for %j dimensions', (embedding_dimensions) => {
    expect(accepts({ embedding_dimensions })).toBe(false);
  });
});

describe('a model', () => {
  test.each(['text-embedding-3-small', 'a', 'org/model:v1.2_x', '@cf/baai/bge-m3', 'a+b', 'm'.repeat(200)])(
    '%s is taken',
    (model) => {
      expect(accepts({ embedding_model: model, merge_model: model })).toBe(true);
    },
  );

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
