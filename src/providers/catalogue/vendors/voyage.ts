import { compatible, type Vendor } from '../vendor.ts';

/** The dimensions of the models that are trained for several. */
const several = [256, 512, 1024, 2048] as const;

export const voyage: Vendor = {
  ...compatible,
  name: 'voyage',
  title: 'Voyage AI',
  address: { kind: 'fixed', baseUrl: 'https://api.voyageai.com/v1' },
  defaultModel: 'voyage-3.5',
  models: [
    { name: 'voyage-4-large', dimensions: 1024, dimensionsSettable: several, maxInputTokens: 32_000 },
    { name: 'voyage-4', dimensions: 1024, dimensionsSettable: several, maxInputTokens: 32_000 },
    { name: 'voyage-4-lite', dimensions: 1024, dimensionsSettable: several, maxInputTokens: 32_000 },
    { name: 'voyage-3-large', dimensions: 1024, dimensionsSettable: several, maxInputTokens: 32_000 },
    { name: 'voyage-3.5', dimensions: 1024, dimensionsSettable: several, maxInputTokens: 32_000 },
    { name: 'voyage-3.5-lite', dimensions: 1024, dimensionsSettable: several, maxInputTokens: 32_000 },
    { name: 'voyage-code-3', dimensions: 1024, dimensionsSettable: several, maxInputTokens: 32_000 },
    { name: 'voyage-finance-2', dimensions: 1024, maxInputTokens: 32_000 },
    { name: 'voyage-law-2', dimensions: 1024, maxInputTokens: 16_000 },
  ],
  encoding: 'unnamed',
  dimensionsParameter: 'output_dimension',
  inputStyle: { kind: 'field', name: 'input_type', query: 'query', passage: 'document' },
  maxInputs: 128,
  rerank: {
    path: { ofEmbeddings: '/v1', ofReranking: '/v1/rerank' },
    defaultModel: 'rerank-2.5',
    models: ['rerank-2.5', 'rerank-2.5-lite', 'rerank-2', 'rerank-2-lite'],
    maxDocuments: 1_000,
    maxRequestTokens: 600_000,
    maxDocumentTokens: null,
    fields: { return_documents: false, truncation: true },
    scoresIn: 'data',
  },
  maxRequestTokens: 120_000,
  maxInputTokens: 32_000,
  rateHeaders: 'none',
  notes: 'Its tokens are shorter than those of other vendors, so a text has more of them.',
};
