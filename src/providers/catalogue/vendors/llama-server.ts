import { ownServer, type Vendor } from '../vendor.ts';

export const llamaServer: Vendor = {
  ...ownServer,
  name: 'llama-server',
  title: 'llama.cpp server',
  address: { kind: 'own', example: 'http://localhost:8080/v1' },
  encoding: 'float',
  dimensionsParameter: 'none',
  maxInputs: 32,
  rateHeaders: 'none',
  notes: 'Serves the one model that it was started with. It needs a key only if it was started with one.',
};
