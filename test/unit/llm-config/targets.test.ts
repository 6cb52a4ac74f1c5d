import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createProviderKeys } from '../../../src/llm-config/provider-keys.ts';
import type { EmbeddingChoice } from '../../../src/llm-config/targets.ts';
import { installationOf } from '../../support/catalogue.ts';

const { targets } = installationOf('any');
const nothing: EmbeddingChoice = {
  embedding_provider: null,
  embedding_base_url: null,
  embedding_model: null,
  embedding_dimensions: null,
};

describe('the target of a tenant’s embedding calls', () => {
  test.each<[Partial<EmbeddingChoice>, object]>([
    [
      {},
      { vendor: 'default', baseUrl: 'http://127.0.0.1:9/v1', model: 'default-embedding', dimensions: null },
    ],
    [
      { embedding_provider: 'default', embedding_model: 'm' },
      { vendor: 'default', model: 'm' },
    ],
    [
      { embedding_provider: 'voyage' },
      {
        baseUrl: 'https://api.voyageai.com/v1',
        model: 'voyage-3.5',
        inputStyle: { kind: 'field', name: 'input_type', query: 'query', passage: 'document' },
      },
    ],
    [{ embedding_provider: 'openai', embedding_dimensions: 512 }, { dimensions: 512 }],
    // The model's own dimensions need not be asked for, and make no other vectors.
    [{ embedding_provider: 'mistral', embedding_dimensions: 1024 }, { dimensions: null }],
    [
      {
        embedding_provider: 'custom',
        embedding_base_url: 'https://gateway.example/v1',
        embedding_model: 'e5-small',
      },
      {
        baseUrl: 'https://gateway.example/v1',
        inputStyle: { kind: 'prefix', query: 'query: ', passage: 'passage: ' },
      },
    ],
    // What stands in the row counts, even where it was put there by hand: no key opens for it.
    [
      { embedding_provider: 'openai', embedding_base_url: 'https://evil.example/v1' },
      { baseUrl: 'https://evil.example/v1' },
    ],
    [
      { embedding_base_url: 'https://evil.example/v1' },
      { vendor: 'default', baseUrl: 'https://evil.example/v1' },
    ],
    [{ embedding_provider: 'custom' }, { baseUrl: 'https://address.invalid' }],
    [
      { embedding_provider: 'no-longer-there' },
      { vendor: 'no-longer-there', baseUrl: 'https://address.invalid' },
    ],
  ])('of %j is %j', (own, target) => {
    expect(targets.embedding({ ...nothing, ...own })).toMatchObject(target);
  });
});

describe('an address', () => {
  const at = (embedding_provider: string | null, embedding_base_url: string | null = null) => ({
    ...nothing,
    embedding_provider,
    embedding_base_url,
  });

  test.each([
    [at(null), true, true, true],
    [at('openai'), true, true, true],
    [at('azure-openai', 'https://contoso.openai.azure.com/openai/v1'), true, true, true],
    [at('azure-openai', 'https://contoso.example/openai/v1'), false, true, true],
    [at('openai', 'https://gateway.example/v1'), false, true, true],
    [at('custom', 'https://gateway.example/v1'), false, true, true],
    [at('custom', 'http://gateway.example/v1'), false, false, true],
    [at('custom', 'https://gateway.example:8443/v1'), false, true, true],
    // The ports of mail, shells and other services that are not HTTP.
    [at('custom', 'https://gateway.example:25/v1'), false, false, true],
    [at('custom', 'https://gateway.example:6667/v1'), false, false, true],
    [at('custom', 'https://gateway.example:0/v1'), false, false, true],
    [at('no-longer-there', 'https://gateway.example/v1'), false, false, false],
  ])('such as %j is allowed where it is listed: %s, public: %s, any: %s', (own, listed, open, any) => {
    expect(installationOf('listed').targets.isAllowed(own)).toBe(listed);
    expect(installationOf('public').targets.isAllowed(own)).toBe(open);
    expect(targets.isAllowed(own)).toBe(any);
  });

  test.each([
    ['listed', 'custom', 'https://gateway.example/v1', 'not_listed'],
    ['listed', 'custom', 'http://gateway.example/v1', 'not_listed'],
    ['public', 'custom', 'http://gateway.example/v1', 'http'],
    ['public', 'no-longer-there', 'https://gateway.example/v1', 'not_listed'],
    ['any', 'custom', 'http://gateway.example/v1', undefined],
  ] as const)('where %s are allowed, of %s, %s, is refused as %s', (allowed, name, address, reason) => {
    expect(installationOf(allowed).targets.refusal(at(name, address))).toBe(reason);
  });

  test('that is not allowed any more gets no key', async () => {
    const opened: unknown[] = [];
    const keys = createProviderKeys({
      custody: {
        seal: async () => ({ kind: 'failed', code: 'vault_unavailable' }),
        open: async (use) => {
          opened.push(use);
          return { kind: 'ok', plaintext: 'key' };
        },
      },
      audit: { append: async () => undefined, list: async () => [] },
      targets,
    });
    const open = (addressAllowed: boolean) =>
      keys.openKey(randomUUID(), 'embedding', { ciphertext: 'sealed', addressAllowed }, 'https://a.example');
    expect(await open(false)).toEqual({ kind: 'failed', code: 'address_forbidden' });
    expect(opened).toEqual([]);
    expect(await open(true)).toEqual({ kind: 'ok', plaintext: 'key' });
  });
});
