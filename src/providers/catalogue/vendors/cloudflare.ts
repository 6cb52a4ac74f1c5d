import { compatible, type Vendor } from '../vendor.ts';

export const cloudflare: Vendor = {
  ...compatible,
  name: 'cloudflare',
  title: 'Cloudflare Workers AI',
  address: {
    kind: 'template',
    template: 'https://api.cloudflare.com/client/v4/accounts/{account}/ai/v1',
    parameters: [{ name: 'account', pattern: '[0-9a-f]{32}', example: '0123456789abcdef0123456789abcdef' }],
  },
  defaultModel: '@cf/baai/bge-m3',
  models: [
    { name: '@cf/baai/bge-m3', dimensions: 1024, maxInputTokens: 8192 },
    { name: '@cf/baai/bge-large-en-v1.5', dimensions: 1024, maxInputTokens: 512 },
    { name: '@cf/baai/bge-base-en-v1.5', dimensions: 768, maxInputTokens: 512 },
    { name: '@cf/baai/bge-small-en-v1.5', dimensions: 384, maxInputTokens: 512 },
  ],
  dimensionsParameter: 'none',
  inputStyle: { kind: 'none' },
  maxInputs: 100,
  notes:
    'The account is the id that the dashboard shows. The key is an API token with the right to run Workers AI.',
};
