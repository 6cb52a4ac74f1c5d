import { defaultVendor } from '../../domain/provider-target.ts';
import { compatible, ownServer, type Vendor } from './vendor.ts';

const entries: readonly Vendor[] = [
  {
    ...compatible,
    name: defaultVendor,
    title: 'Default of this installation',
    address: { kind: 'own', example: 'https://api.openai.com/v1' },
    notes: '',
  },
  {
    ...ownServer,
    name: 'custom',
    title: 'Another server',
    address: { kind: 'own', example: 'https://embeddings.example.com/v1' },
    notes: '',
  },
];

/** Finds the entry of this name; undefined where there is none. */
export const findVendor = (name: string): Vendor | undefined =>
  entries.find((vendor) => vendor.name === name);
