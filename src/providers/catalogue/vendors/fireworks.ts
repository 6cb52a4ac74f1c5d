import { compatible, type Vendor } from '../vendor.ts';

export const fireworks: Vendor = {
  ...compatible,
  name: 'fireworks',
  title: 'Fireworks AI',
  address: { kind: 'fixed', baseUrl: 'https://api.fireworks.ai/inference/v1' },
  inputStyle: { kind: 'none' },
  notes: 'The model has to be set, as its list of models for embeddings names it.',
};
