import { compatible, type Vendor } from '../vendor.ts';

export const deepinfra: Vendor = {
  ...compatible,
  name: 'deepinfra',
  title: 'DeepInfra',
  address: { kind: 'fixed', baseUrl: 'https://api.deepinfra.com/v1/openai' },
  defaultModel: 'BAAI/bge-m3',
  models: [{ name: 'BAAI/bge-m3', dimensions: 1024, maxInputTokens: 8192 }],
  encoding: 'float',
  inputStyle: { kind: 'none' },
  notes: 'Serves open models under the names that they have at Hugging Face.',
};
