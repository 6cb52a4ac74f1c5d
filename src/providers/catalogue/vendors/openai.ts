import { compatible, type Vendor } from '../vendor.ts';

export const openai: Vendor = {
  ...compatible,
  name: 'openai',
  title: 'OpenAI',
  address: {
    kind: 'fixed',
    baseUrl: 'https://api.openai.com/v1',
    alsoAt: ['us', 'eu', 'ae', 'au', 'in', 'jp'].map((region) => `https://${region}.api.openai.com/v1`),
  },
  defaultModel: 'text-embedding-3-small',
  models: [
    {
      name: 'text-embedding-3-small',
      dimensions: 1536,
      dimensionsSettable: { min: 1, max: 1536 },
      maxInputTokens: 8192,
    },
    {
      name: 'text-embedding-3-large',
      dimensions: 3072,
      dimensionsSettable: { min: 1, max: 3072 },
      maxInputTokens: 8192,
    },
    { name: 'text-embedding-ada-002', dimensions: 1536, maxInputTokens: 8192 },
  ],
  encoding: 'float',
  dimensionsParameter: 'dimensions',
  inputStyle: { kind: 'none' },
  maxInputs: 2048,
  maxRequestTokens: 300_000,
  maxInputTokens: 8192,
  errorWords: {
    insufficient_quota: 'quota_exhausted',
    billing_hard_limit_reached: 'quota_exhausted',
    invalid_api_key: 'credential_rejected',
    account_deactivated: 'credential_rejected',
    model_not_found: 'model_not_found',
  },
  rateHeaders: 'openai',
  notes: 'Keys of a project with data residency go to the regional address, which can be set as base URL.',
};
