import { ownServer, type Vendor } from '../vendor.ts';

export const custom: Vendor = {
  ...ownServer,
  name: 'custom',
  title: 'Any server with an OpenAI-compatible API',
  address: { kind: 'own', example: 'https://gateway.example.com/v1' },
  notes: 'What it takes is found out by the first calls.',
};
