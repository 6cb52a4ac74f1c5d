import { ownServer, type Vendor } from '../vendor.ts';

export const textEmbeddingsInference: Vendor = {
  ...ownServer,
  name: 'text-embeddings-inference',
  title: 'Hugging Face text-embeddings-inference',
  address: { kind: 'own', example: 'http://localhost:8080/v1' },
  encoding: 'float',
  dimensionsParameter: 'dimensions',
  maxInputs: 32,
  errorWords: { overloaded: 'provider_rate_limited', backend: 'provider_unavailable' },
  rateHeaders: 'none',
  notes:
    'Takes 32 texts a request unless it was started with another limit. It puts no prompt before a text unless it was started with one.',
};
