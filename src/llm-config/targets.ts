import { defaultVendor, type InputStyle, type ProviderTarget } from '../domain/provider-target.ts';

/** What the calls of each provider are sent to, by model. */
export interface Targets {
  embedding(model: string): ProviderTarget;
  anthropic(model: string): ProviderTarget;
}

const noStyle: InputStyle = { kind: 'none' };

/** Creates the targets of the installation's own providers. */
export function createTargets(deps: {
  readonly embeddingBaseUrl: string;
  /** Whether the installation's embedding server wants `input_type: query | passage`. */
  readonly sendsInputType: boolean;
  readonly anthropicBaseUrl: string;
}): Targets {
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
