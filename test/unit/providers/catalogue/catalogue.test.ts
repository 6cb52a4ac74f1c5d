import { describe, expect, test } from 'vitest';
import { createCatalogue, vendorNames } from '../../../../src/providers/catalogue/create-catalogue.ts';
import type { Vendor } from '../../../../src/providers/catalogue/vendor.ts';
import {
  baseUrlOf,
  chooseAddress,
  isListedAddress,
} from '../../../../src/providers/catalogue/vendor-address.ts';
import {
  dimensionsToAsk,
  inputStyleOf,
  refusedDimensions,
} from '../../../../src/providers/catalogue/vendor-model.ts';
import { listedVendors } from '../../../../src/providers/catalogue/vendors.ts';

const catalogue = createCatalogue({
  baseUrl: 'http://127.0.0.1:8300/v1',
  defaultModel: 'multilingual-e5-small',
  sendsInputType: false,
});

function vendor(name: string): Vendor {
  const found = catalogue.find(name);
  if (found === undefined) throw new Error(`there is no vendor ${name}`);
  return found;
}

describe('the catalogue', () => {
  test('has the vendors that tenants bring keys of', () => {
    expect(vendorNames).toEqual(
      expect.arrayContaining([
        ...[
          'default',
          'openai',
          'azure-openai',
          'azure-openai-classic',
          'gemini',
          'mistral',
          'cohere',
          'voyage',
        ],
        ...[
          'jina',
          'nvidia',
          'openrouter',
          'dashscope',
          'siliconflow',
          'litellm',
          'ollama',
          'llama-server',
          'vllm',
        ],
        ...['text-embeddings-inference', 'lm-studio', 'custom'],
      ]),
    );
    expect(new Set(vendorNames).size).toBe(vendorNames.length);
    expect(catalogue.vendors.map(({ name }) => name)).toEqual(vendorNames);
  });

  test.each(listedVendors.map((each) => [each.name, each] as const))(
    'describes %s without contradicting itself',
    (name, each) => {
      expect(name).toMatch(/^[a-z][a-z0-9-]{1,30}$/);
      expect(each.notes).toMatch(/^[A-Z].*\.$/);
      for (const model of each.models) {
        expect(model.name).toMatch(/^[A-Za-z0-9._:/@+-]{1,200}$/);
        if (model.dimensions !== null) {
          expect(refusedDimensions(each, model.name, model.dimensions)).toBeUndefined();
          expect(dimensionsToAsk(each, model.name, model.dimensions)).toBeNull();
        }
      }
      if (each.models.length > 0) expect(each.models.map((model) => model.name)).toContain(each.defaultModel);
      for (const word of Object.keys(each.errorWords)) expect(word).toBe(word.toLowerCase());
    },
  );

  test.each(
    listedVendors.flatMap((each) => (each.address.kind === 'own' ? [] : [[each.name, each] as const])),
  )('gives %s an https address that it lists itself and takes as it is', (_, each) => {
    const given =
      each.address.kind === 'template'
        ? each.address.parameters.map((part) => `${part.name}=${part.example}`).join('&')
        : null;
    const chosen = chooseAddress(each, given);
    if (chosen.kind === 'refused') throw new Error(chosen.message);
    const baseUrl = baseUrlOf(each, chosen.stored) ?? '';
    expect(baseUrl).toMatch(/^https:\/\//);
    expect(isListedAddress(each, baseUrl)).toBe(true);
    expect(chooseAddress(each, baseUrl)).toEqual({ kind: 'ok', stored: chosen.stored, notices: [] });
  });

  test.each(
    listedVendors.flatMap(({ name, address }) =>
      address.kind === 'own' ? [[name, address.example] as const] : [],
    ),
  )('shows for %s an address that is taken as it stands: %s', (name, example) => {
    expect(chooseAddress(vendor(name), example)).toEqual({ kind: 'ok', stored: example, notices: [] });
  });

  test('has the dialect of the listed vendor for the installation’s own provider at its host', () => {
    const own = (baseUrl: string, sendsInputType = false) =>
      createCatalogue({ baseUrl, defaultModel: 'm', sendsInputType }).ofInstallation;
    expect(own('https://api.voyageai.com/v1')).toMatchObject({
      name: 'default',
      encoding: 'unnamed',
      defaultModel: 'm',
      address: { kind: 'fixed', baseUrl: 'https://api.voyageai.com/v1' },
    });
    expect(own('https://contoso.openai.azure.com/openai/v1').auth).toEqual({
      kind: 'header',
      name: 'api-key',
    });
    expect(own('http://127.0.0.1:8300/v1')).toMatchObject({ encoding: null, keysOptional: false });
    expect(inputStyleOf(own('http://127.0.0.1:8300/v1', true), 'multilingual-e5-small')).toEqual({
      kind: 'field',
      name: 'input_type',
      query: 'query',
      passage: 'passage',
    });
  });
});

describe('the address of a vendor', () => {
  test.each<[string, string | null, string | null]>([
    ['openai', null, null],
    ['openai', 'https://api.openai.com/v1', null],
    ['openai', 'https://api.openai.com', null],
    ['openai', 'https://api.openai.com/v1/embeddings', null],
    ['openai', 'https://eu.api.openai.com/v1', 'https://eu.api.openai.com/v1'],
    ['azure-openai', 'contoso', 'https://contoso.openai.azure.com/openai/v1'],
    ['azure-openai', 'resource=contoso', 'https://contoso.openai.azure.com/openai/v1'],
    ['azure-openai', 'https://contoso.openai.azure.com/', 'https://contoso.openai.azure.com/openai/v1'],
    [
      'azure-openai',
      'https://contoso.openai.azure.com/openai/v1/v1',
      'https://contoso.openai.azure.com/openai/v1',
    ],
    [
      'azure-openai',
      'https://contoso.services.ai.azure.com',
      'https://contoso.services.ai.azure.com/openai/v1',
    ],
    [
      'azure-openai-classic',
      'resource=contoso&deployment=Small_3',
      'https://contoso.openai.azure.com/openai/deployments/Small_3?api-version=2024-10-21',
    ],
    [
      'azure-openai-classic',
      'resource=contoso & deployment=d & api-version=2023-05-15',
      'https://contoso.openai.azure.com/openai/deployments/d?api-version=2023-05-15',
    ],
    [
      'azure-openai-classic',
      'https://contoso.openai.azure.com/openai/deployments/d/embeddings?api-version=2024-02-01',
      'https://contoso.openai.azure.com/openai/deployments/d?api-version=2024-02-01',
    ],
    [
      'azure-openai-classic',
      'https://contoso.openai.azure.com/openai/deployments/d',
      'https://contoso.openai.azure.com/openai/deployments/d?api-version=2024-10-21',
    ],
    ['ollama', 'http://localhost:11434/v1/', 'http://localhost:11434/v1'],
    ['custom', 'https://gateway.example/openai/v1/', 'https://gateway.example/openai/v1'],
    ['default', null, null],
    ['default', 'http://127.0.0.1:8300/v1', null],
  ])('of %s, given as %j, is stored as %j', (name, given, stored) => {
    expect(chooseAddress(vendor(name), given)).toMatchObject({ kind: 'ok', stored });
  });

  test.each<[string, string | null, RegExp]>([
    ['openai', 'https://gateway.example/v1', /not an address of OpenAI.*"custom"/],
    ['openai', 'http://api.openai.com/v1', /not an address/],
    ['openai', 'https://api.openai.com:8443/v1', /not an address/],
    ['openai', 'https://api.openai.com.evil.example/v1', /not an address/],
    ['openai', 'https://api.openai.co', /not an address/],
    ['azure-openai', null, /is needed.*resource=contoso/],
    ['azure-openai', 'https://contoso.openai.azure.com.evil.example/openai/v1', /not an address/],
    ['azure-openai', 'https://evil.example/openai/v1', /not an address/],
    ['azure-openai', 'evil.example/', /another resource/],
    ['azure-openai', 'resource=a/b', /another resource/],
    ['azure-openai', 'resource=contoso&region=eu', /only these parts/],
    ['azure-openai', 'resource=a&resource=b', /must be resource=contoso/],
    ['azure-openai-classic', 'contoso', /must be resource=contoso&deployment=embeddings/],
    ['azure-openai-classic', 'resource=contoso', /needs deployment/],
    ['azure-openai-classic', 'https://contoso.openai.azure.com', /needs deployment/],
    [
      'azure-openai',
      'https://contoso.openai.azure.com/openai/deployments/d?api-version=2024-10-21',
      /not an address of Azure OpenAI \(v1\) but of Azure OpenAI \(classic.*"azure-openai-classic"/,
    ],
    [
      'azure-openai',
      'https://contoso.openai.azure.com/openai/deployments/d/embeddings',
      /"azure-openai-classic"/,
    ],
    ['azure-openai-classic', 'https://contoso.openai.azure.com/openai/v1/', /"azure-openai"/],
    ['mistral', 'https://eu.api.openai.com/v1/embeddings', /but of OpenAI.*"openai"/],
    ['custom', null, /is needed/],
    ['ollama', null, /is needed.*11434/],
    ['default', 'https://gateway.example/v1', /"custom"/],
  ])('of %s, given as %j, is refused with a word', (name, given, message) => {
    expect(chooseAddress(vendor(name), given)).toEqual({
      kind: 'refused',
      message: expect.stringMatching(message),
    });
  });
});

describe('the dimensions of a model', () => {
  test.each<[string, string, number, RegExp | undefined]>([
    ['openai', 'text-embedding-3-small', 512, undefined],
    ['openai', 'text-embedding-3-small', 1537, /must be 1 to 1536/],
    ['openai', 'text-embedding-ada-002', 512, /must be 1536 or null/],
    ['mistral', 'mistral-embed', 1024, undefined],
    ['mistral', 'mistral-embed', 256, /must be 1024 or null/],
    ['voyage', 'voyage-3.5', 300, /must be one of 256, 512, 1024, 2048/],
    ['voyage', 'a-new-model', 300, undefined],
    ['cohere', 'a-new-model', 300, /Cohere.*takes no number of dimensions/],
    ['ollama', 'bge-m3:latest', 100, /must be 1024/],
    ['custom', 'anything', 100, undefined],
  ])('%s, %s: %d', (name, model, wanted, message) => {
    const refused = refusedDimensions(vendor(name), model, wanted);
    expect(refused).toEqual(message === undefined ? undefined : expect.stringMatching(message));
  });
});

describe('the side of a text', () => {
  test.each<[string, string, unknown]>([
    ['voyage', 'voyage-4', { kind: 'field', name: 'input_type', query: 'query', passage: 'document' }],
    ['nvidia', 'baai/bge-m3', { kind: 'field', name: 'input_type', query: 'query', passage: 'passage' }],
    [
      'jina',
      'jina-embeddings-v3',
      { kind: 'field', name: 'task', query: 'retrieval.query', passage: 'retrieval.passage' },
    ],
    ['jina', 'jina-embeddings-v2-base-en', { kind: 'none' }],
    ['cohere', 'embed-v4.0', { kind: 'none' }],
    ['openai', 'text-embedding-3-small', { kind: 'none' }],
    ['openrouter', 'intfloat/e5-large-v2', { kind: 'none' }],
    ['custom', 'text-embedding-3-small', { kind: 'none' }],
    ['custom', 'intfloat/multilingual-e5-large', { kind: 'prefix', query: 'query: ', passage: 'passage: ' }],
    [
      'vllm',
      'intfloat/multilingual-e5-large-instruct',
      { kind: 'prefix', query: expect.stringContaining('Instruct'), passage: '' },
    ],
    [
      'ollama',
      'nomic-embed-text:latest',
      { kind: 'prefix', query: 'search_query: ', passage: 'search_document: ' },
    ],
    [
      'ollama',
      'mxbai-embed-large',
      { kind: 'prefix', query: expect.stringContaining('Represent this sentence'), passage: '' },
    ],
    ['ollama', 'snowflake-arctic-embed2', { kind: 'prefix', query: 'query: ', passage: '' }],
    [
      'ollama',
      'snowflake-arctic-embed:335m',
      { kind: 'prefix', query: expect.stringContaining('Represent this'), passage: '' },
    ],
    [
      'text-embeddings-inference',
      'Snowflake/snowflake-arctic-embed-l-v2.0',
      { kind: 'prefix', query: 'query: ', passage: '' },
    ],
    [
      'lm-studio',
      'text-embedding-bge-large-en-v1.5',
      { kind: 'prefix', query: expect.stringContaining('Represent'), passage: '' },
    ],
    ['llama-server', 'bge-m3', { kind: 'none' }],
    [
      'vllm',
      'Qwen/Qwen3-Embedding-8B',
      { kind: 'prefix', query: expect.stringContaining('Instruct'), passage: '' },
    ],
    ['default', 'multilingual-e5-small', { kind: 'prefix', query: 'query: ', passage: 'passage: ' }],
    ['litellm', 'multilingual-e5-small', { kind: 'none' }],
  ])('for %s and %s', (name, model, style) => {
    expect(inputStyleOf(vendor(name), model)).toEqual(style);
  });
});
