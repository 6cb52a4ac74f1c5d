import { ownServer, type Vendor } from '../vendor.ts';

export const litellm: Vendor = {
  ...ownServer,
  name: 'litellm',
  title: 'LiteLLM proxy',
  address: { kind: 'own', example: 'https://{host}/v1' },
  prefixesByModel: false,
  inputStyle: { kind: 'none' },
  errorWords: { budget_exceeded: 'quota_exhausted' },
  rateHeaders: 'openai',
  notes: 'Limits and dimensions are those of the vendor behind it. The key is a virtual key of the proxy.',
};
