import { ownServer, type Vendor } from '../vendor.ts';

export const vllm: Vendor = {
  ...ownServer,
  name: 'vllm',
  title: 'vLLM',
  address: { kind: 'own', example: 'http://localhost:8000/v1' },
  encoding: 'float',
  rateHeaders: 'none',
  notes:
    'Takes dimensions only for models that were trained for several. It needs a key only if it was started with one.',
};
