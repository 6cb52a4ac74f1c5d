import { ownServer, type Vendor } from '../vendor.ts';

export const ollama: Vendor = {
  ...ownServer,
  name: 'ollama',
  title: 'Ollama',
  address: { kind: 'own', example: 'http://localhost:11434/v1' },
  defaultModel: 'nomic-embed-text',
  models: [
    { name: 'nomic-embed-text', dimensions: 768, maxInputTokens: 2048 },
    { name: 'mxbai-embed-large', dimensions: 1024, maxInputTokens: 512 },
    { name: 'bge-m3', dimensions: 1024, maxInputTokens: 8192 },
    {
      name: 'embeddinggemma',
      dimensions: 768,
      dimensionsSettable: [128, 256, 512, 768],
      maxInputTokens: 2048,
    },
    { name: 'snowflake-arctic-embed2', dimensions: 1024, maxInputTokens: 8192 },
    { name: 'all-minilm', dimensions: 384, maxInputTokens: 256 },
  ],
  encoding: 'float',
  dimensionsParameter: 'dimensions',
  errorWords: { not_found_error: 'model_not_found' },
  rateHeaders: 'none',
  notes:
    'Needs no key, so any text stands for one. A text that is longer than the model takes is cut without a word.',
};
