import { defaultVendor, type InputStyle, type ProviderTarget } from '../domain/provider-target.ts';

/** What the calls of each provider are sent to, by model. */
export interface Targets {
  embedding(model: string): ProviderTarget;
  anthropic(model: string): ProviderTarget;
}

const noStyle: InputStyle = { kind: 'none' };

/** The installation's own providers, as its environment names them. */
export interface Installation {
  readonly embeddingBaseUrl: string;
  /** Whether its embedding server needs `input_type: query | passage`. */
  readonly sendsInputType: boolean;
  readonly anthropicBaseUrl: string;
}

/** Creates the targets of the installation's own providers. */
export function createTargets(deps: Installation): Targets {
  const sided: InputStyle = { kind: 'field', name: 'input_type', query: 'query', passage: 'passage' };
  return {
    embedding: (model) => ({
      vendor: defaultVendor,
      baseUrl: deps.embeddingBaseUrl,
      model,
      dimensions: null,
      inputStyle: deps.sendsInputType ? sided : noStyle,
    }),
    anthropic: (model) => ({
      vendor: 'anthropic',
      baseUrl: deps.anthropicBaseUrl,
      model,
      dimensions: null,
      inputStyle: noStyle,
    }),
  };
}
