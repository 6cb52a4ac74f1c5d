import { compatible, type Vendor } from '../vendor.ts';

export const cohere: Vendor = {
  ...compatible,
  name: 'cohere',
  title: 'Cohere (compatibility API)',
  address: {
    kind: 'fixed',
    baseUrl: 'https://api.cohere.ai/compatibility/v1',
    alsoAt: ['https://api.cohere.com/compatibility/v1'],
  },
  defaultModel: 'embed-v4.0',
  models: [
    { name: 'embed-v4.0', dimensions: 1536, maxInputTokens: 128_000 },
    { name: 'embed-multilingual-v3.0', dimensions: 1024, maxInputTokens: 512 },
    { name: 'embed-english-v3.0', dimensions: 1024, maxInputTokens: 512 },
    { name: 'embed-multilingual-light-v3.0', dimensions: 384, maxInputTokens: 512 },
    { name: 'embed-english-light-v3.0', dimensions: 384, maxInputTokens: 512 },
  ],
  encoding: 'float',
  dimensionsParameter: 'none',
  inputStyle: { kind: 'none' },
  maxInputs: 96,
  rerank: {
    path: { ofEmbeddings: '/compatibility/v1', ofReranking: '/v2/rerank' },
    defaultModel: 'rerank-v4.0-fast',
    models: [
      'rerank-v4.0-pro',
      'rerank-v4.0-fast',
      'rerank-v3.5',
      'rerank-multilingual-v3.0',
      'rerank-english-v3.0',
    ],
    // More are taken, and billed as another search for each hundred.
    maxDocuments: 100,
    maxRequestTokens: 400_000,
    // A longer text is billed as several.
    maxDocumentTokens: 500,
    fields: {},
    scoresIn: 'results',
  },
  rateHeaders: 'none',
  notes: 'The compatibility API takes neither dimensions nor the side of a text.',
};
