import { compatible, type Vendor } from '../vendor.ts';

/** For the models that have an adapter for each side; the older ones refuse the field. */
const byTask = {
  kind: 'field',
  name: 'task',
  query: 'retrieval.query',
  passage: 'retrieval.passage',
} as const;

export const jina: Vendor = {
  ...compatible,
  name: 'jina',
  title: 'Jina AI',
  address: { kind: 'fixed', baseUrl: 'https://api.jina.ai/v1' },
  defaultModel: 'jina-embeddings-v3',
  models: [
    {
      name: 'jina-embeddings-v3',
      dimensions: 1024,
      dimensionsSettable: [32, 64, 128, 256, 512, 768, 1024],
      maxInputTokens: 8192,
      inputStyle: byTask,
    },
    {
      name: 'jina-embeddings-v4',
      dimensions: 2048,
      dimensionsSettable: [128, 256, 512, 1024, 2048],
      maxInputTokens: 32_768,
      inputStyle: byTask,
    },
    {
      name: 'jina-embeddings-v5-text-small',
      dimensions: 1024,
      dimensionsSettable: [32, 64, 128, 256, 512, 1024],
      maxInputTokens: 32_768,
      inputStyle: byTask,
    },
    {
      name: 'jina-embeddings-v5-text-nano',
      dimensions: 768,
      dimensionsSettable: [32, 64, 128, 256, 512, 768],
      maxInputTokens: 8192,
      inputStyle: byTask,
    },
    { name: 'jina-embeddings-v2-base-en', dimensions: 768, maxInputTokens: 8192 },
    { name: 'jina-embeddings-v2-base-de', dimensions: 768, maxInputTokens: 8192 },
    { name: 'jina-embeddings-v2-base-es', dimensions: 768, maxInputTokens: 8192 },
    { name: 'jina-embeddings-v2-base-zh', dimensions: 768, maxInputTokens: 8192 },
  ],
  encoding: 'unnamed',
  dimensionsParameter: 'dimensions',
  inputStyle: { kind: 'none' },
  maxInputs: 512,
  rerank: {
    path: { ofEmbeddings: '/v1', ofReranking: '/v1/rerank' },
    defaultModel: 'jina-reranker-v3',
    models: ['jina-reranker-v3', 'jina-reranker-m0', 'jina-reranker-v2-base-multilingual'],
    maxDocuments: 64,
    maxRequestTokens: 131_072,
    maxDocumentTokens: null,
    fields: { return_documents: false },
    scoresIn: 'results',
  },
  maxInputTokens: 8192,
  rateHeaders: 'none',
  notes: 'From version 3 on, the models have an adapter for queries and one for passages.',
};
