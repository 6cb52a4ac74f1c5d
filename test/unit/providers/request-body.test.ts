import { describe, expect, it } from 'vitest';
import { startingProfile } from '../../../src/providers/embedding/profile.ts';
import { embeddingsUrl, requestBody, textsToSend } from '../../../src/providers/embedding/request-body.ts';
import { targetOf } from '../../support/targets.ts';

const inputStyle = { kind: 'none' } as const;
const target = targetOf('a-model', { inputStyle });
const profile = startingProfile(target, undefined);
const field = {
  kind: 'field',
  name: 'input_type',
  query: 'search_query',
  passage: 'search_document',
} as const;
const prefix = { kind: 'prefix', query: 'query: ', passage: 'passage: ' } as const;
const request = { side: 'query', texts: ['a text'] } as const;

describe('the body of a request', () => {
  it('holds the model, the texts and the encoding, and no field that is not used', () => {
    expect(requestBody(target, profile, request)).toEqual({
      ...{ model: 'a-model', input: ['a text'], encoding_format: 'float' },
    });
  });

  it('names no encoding where the profile names none, or where it is left out', () => {
    const bare = { model: 'a-model', input: ['a text'] };
    expect(requestBody(target, { ...profile, encoding: 'unnamed' }, request)).toEqual(bare);
    expect(requestBody(target, { ...profile, leftOut: ['encoding_format'] }, request)).toEqual(bare);
  });

  it('asks for dimensions by the vendor’s name for them', () => {
    const asking = targetOf('a-model', { dimensions: 256, inputStyle });
    expect(requestBody(asking, profile, request)).toMatchObject({ dimensions: 256 });
    const other = requestBody(asking, { ...profile, dimensionsParameter: 'output_dimension' }, request);
    expect(other).toMatchObject({ output_dimension: 256 });
    expect(other).not.toHaveProperty('dimensions');
    const none = requestBody(asking, { ...profile, dimensionsParameter: 'none' }, request);
    expect(Object.keys(none)).toEqual(['model', 'input', 'encoding_format']);
  });

  it('names the side by a field, unless that is left out', () => {
    const sided = targetOf('a-model', { inputStyle: field });
    expect(requestBody(sided, profile, request)).toMatchObject({ input_type: 'search_query' });
    expect(requestBody(sided, profile, { ...request, side: 'passage' })).toMatchObject({
      input_type: 'search_document',
    });
    const without = { ...profile, leftOut: ['input_type'] };
    expect(requestBody(sided, without, request)).not.toHaveProperty('input_type');
  });
});

describe('a text', () => {
  it('is sent after the prefix of its side', () => {
    const sided = targetOf('a-model', { inputStyle: prefix });
    expect(textsToSend(sided, 'query', ['a text'])).toEqual(['query: a text']);
    expect(textsToSend(sided, 'passage', ['a text'])).toEqual(['passage: a text']);
    expect(textsToSend(target, 'query', ['a text'])).toEqual(['a text']);
  });

  it('is sent without halves of surrogate pairs, and with whole ones', () => {
    expect(textsToSend(target, 'query', ['a\uD83D b', '\uDE00c', '😀'])).toEqual([
      'a\uFFFD b',
      '\uFFFDc',
      '😀',
    ]);
  });
});

describe('the address of the embeddings', () => {
  it.each([
    ['https://a.example/v1', 'https://a.example/v1/embeddings'],
    ['https://a.example/v1/', 'https://a.example/v1/embeddings'],
    [
      'https://r.openai.azure.com/openai/deployments/d?api-version=2024-10-21',
      'https://r.openai.azure.com/openai/deployments/d/embeddings?api-version=2024-10-21',
    ],
    ['https://a.example', 'https://a.example/embeddings'],
  ])('below %s is %s', (base, address) => {
    expect(embeddingsUrl(base)).toBe(address);
  });
});
