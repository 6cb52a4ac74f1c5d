import { compatible, type Vendor } from '../vendor.ts';

export const siliconflow: Vendor = {
  ...compatible,
  name: 'siliconflow',
  title: 'SiliconFlow',
  address: {
    kind: 'fixed',
    baseUrl: 'https://api.siliconflow.cn/v1',
    alsoAt: ['https://api.siliconflow.com/v1'],
  },
  defaultModel: 'BAAI/bge-m3',
  models: [
    { name: 'BAAI/bge-m3', dimensions: 1024, maxInputTokens: 8192 },
    { name: 'BAAI/bge-large-en-v1.5', dimensions: 1024, maxInputTokens: 512 },
    { name: 'BAAI/bge-large-zh-v1.5', dimensions: 1024, maxInputTokens: 512 },
    {
      name: 'Qwen/Qwen3-Embedding-8B',
      dimensions: 4096,
      dimensionsSettable: [64, 128, 256, 512, 768, 1024, 1536, 2048, 2560, 4096],
      maxInputTokens: 32_768,
    },
    {
      name: 'Qwen/Qwen3-Embedding-4B',
      dimensions: 2560,
      dimensionsSettable: [64, 128, 256, 512, 768, 1024, 1536, 2048, 2560],
      maxInputTokens: 32_768,
    },
    {
      name: 'Qwen/Qwen3-Embedding-0.6B',
      dimensions: 1024,
      dimensionsSettable: [64, 128, 256, 512, 768, 1024],
      maxInputTokens: 32_768,
    },
  ],
  encoding: 'float',
  dimensionsParameter: 'dimensions',
  inputStyle: { kind: 'none' },
  maxInputs: 32,
  notes:
    'The addresses in China and outside have accounts of their own. A text of blank lines alone is refused.',
};
