import { ownServer, type Vendor } from '../vendor.ts';

export const lmStudio: Vendor = {
  ...ownServer,
  name: 'lm-studio',
  title: 'LM Studio',
  address: { kind: 'own', example: 'http://localhost:1234/v1' },
  encoding: 'float',
  dimensionsParameter: 'none',
  rateHeaders: 'none',
  notes: 'Needs no key, so any text stands for one. The model is the identifier that LM Studio shows.',
};
