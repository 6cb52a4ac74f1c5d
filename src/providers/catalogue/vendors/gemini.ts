import { compatible, type Vendor } from '../vendor.ts';

export const gemini: Vendor = {
  ...compatible,
  name: 'gemini',
  title: 'Google Gemini',
  address: { kind: 'fixed', baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai' },
  defaultModel: 'gemini-embedding-001',
  models: [
    {
      name: 'gemini-embedding-001',
      dimensions: 3072,
      dimensionsSettable: { min: 128, max: 3072 },
      maxInputTokens: 2048,
    },
    {
      name: 'gemini-embedding-2',
      dimensions: 3072,
      dimensionsSettable: { min: 128, max: 3072 },
      maxInputTokens: null,
    },
  ],
  encoding: 'float',
  dimensionsParameter: 'dimensions',
  inputStyle: { kind: 'none' },
  maxInputs: 100,
  maxRequestTokens: 20_000,
  errorWords: { api_key_invalid: 'credential_rejected', not_found: 'model_not_found' },
  rateHeaders: 'none',
  notes:
    'A key of Google AI Studio. Vertex AI needs tokens that end within the hour, so it cannot be used with a stored key.',
};
