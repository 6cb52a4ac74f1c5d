import { defaultVendor, type ProviderTarget } from '../../src/domain/provider-target.ts';

/** A target of the installation's own provider, as the tests' services have it where nothing but the model is chosen. */
export function targetOf(model: string, changed: Partial<ProviderTarget> = {}): ProviderTarget {
  return {
    vendor: defaultVendor,
    baseUrl: 'http://127.0.0.1:9/v1',
    model,
    dimensions: null,
    inputStyle: { kind: 'field', name: 'input_type', query: 'query', passage: 'passage' },
    ...changed,
  };
}
