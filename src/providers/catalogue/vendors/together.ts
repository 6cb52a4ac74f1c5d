import { compatible, type Vendor } from '../vendor.ts';

export const together: Vendor = {
  ...compatible,
  name: 'together',
  title: 'Together AI',
  address: {
    kind: 'fixed',
    baseUrl: 'https://api.together.xyz/v1',
    alsoAt: ['https://api.together.ai/v1'],
  },
  defaultModel: 'intfloat/multilingual-e5-large-instruct',
  models: [{ name: 'intfloat/multilingual-e5-large-instruct', dimensions: 1024, maxInputTokens: 514 }],
  inputStyle: { kind: 'none' },
  notes: 'What it serves changes often, so most models are found out by the first calls.',
};
