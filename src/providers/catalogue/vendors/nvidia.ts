import { compatible, type Vendor } from '../vendor.ts';

export const nvidia: Vendor = {
  ...compatible,
  name: 'nvidia',
  title: 'NVIDIA NIM',
  address: { kind: 'fixed', baseUrl: 'https://integrate.api.nvidia.com/v1' },
  defaultModel: 'nvidia/llama-nemotron-embed-1b-v2',
  models: [
    {
      name: 'nvidia/llama-nemotron-embed-1b-v2',
      dimensions: 2048,
      dimensionsSettable: [384, 512, 768, 1024, 2048],
      maxInputTokens: 8192,
    },
    {
      name: 'nvidia/llama-3.2-nv-embedqa-1b-v2',
      dimensions: 2048,
      dimensionsSettable: [384, 512, 768, 1024, 2048],
      maxInputTokens: 8192,
    },
    { name: 'nvidia/nv-embedqa-e5-v5', dimensions: 1024, maxInputTokens: 512 },
    { name: 'nvidia/nv-embed-v1', dimensions: 4096, maxInputTokens: 32_768 },
    { name: 'baai/bge-m3', dimensions: 1024, maxInputTokens: 8192 },
  ],
  encoding: 'float',
  dimensionsParameter: 'dimensions',
  inputStyle: { kind: 'field', name: 'input_type', query: 'query', passage: 'passage' },
  maxInputs: 10,
  notes: 'The models for retrieval refuse a request that does not say the side of its texts.',
};
