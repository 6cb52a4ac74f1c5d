import { compatible, type Vendor } from '../vendor.ts';

export const mistral: Vendor = {
  ...compatible,
  name: 'mistral',
  title: 'Mistral AI',
  address: { kind: 'fixed', baseUrl: 'https://api.mistral.ai/v1' },
  defaultModel: 'mistral-embed',
  models: [
    { name: 'mistral-embed', dimensions: 1024, maxInputTokens: 8192 },
    {
      name: 'codestral-embed',
      dimensions: 1536,
      dimensionsSettable: { min: 1, max: 3072 },
      maxInputTokens: 8192,
    },
  ],
  encoding: 'float',
  dimensionsParameter: 'output_dimension',
  inputStyle: { kind: 'none' },
  maxRequestTokens: 65_536,
  maxInputTokens: 8192,
  rateHeaders: 'mistral',
  notes: 'The limits are requests a second and tokens a minute. Fields that it does not know are refused.',
};
