import { compatible, type Vendor } from '../vendor.ts';

export const openrouter: Vendor = {
  ...compatible,
  name: 'openrouter',
  title: 'OpenRouter',
  address: {
    kind: 'fixed',
    baseUrl: 'https://openrouter.ai/api/v1',
    alsoAt: ['https://eu.openrouter.ai/api/v1', 'https://us.openrouter.ai/api/v1'],
  },
  defaultModel: 'openai/text-embedding-3-small',
  models: [
    {
      name: 'openai/text-embedding-3-small',
      dimensions: 1536,
      dimensionsSettable: { min: 1, max: 1536 },
      maxInputTokens: 8192,
    },
    {
      name: 'openai/text-embedding-3-large',
      dimensions: 3072,
      dimensionsSettable: { min: 1, max: 3072 },
      maxInputTokens: 8192,
    },
    {
      name: 'google/gemini-embedding-001',
      dimensions: 3072,
      dimensionsSettable: { min: 128, max: 3072 },
      maxInputTokens: 2048,
    },
    {
      name: 'qwen/qwen3-embedding-8b',
      dimensions: 4096,
      dimensionsSettable: { min: 32, max: 4096 },
      maxInputTokens: 32_000,
    },
    { name: 'baai/bge-m3', dimensions: 1024, maxInputTokens: 8192 },
  ],
  encoding: 'float',
  dimensionsParameter: 'dimensions',
  inputStyle: { kind: 'none' },
  notes: 'Passes calls on to other vendors. Its models for embeddings are listed at /embeddings/models only.',
};
