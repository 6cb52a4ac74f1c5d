import type { ProviderTarget } from '../domain/provider-target.ts';
import type { ProviderUrls } from '../domain/provider-urls.ts';
import type { Catalogue } from '../providers/catalogue/create-catalogue.ts';
import { baseUrlOf, isListedAddress } from '../providers/catalogue/vendor-address.ts';
import { dimensionsToAsk, findModel, inputStyleOf } from '../providers/catalogue/vendor-model.ts';
import { type AddressRefusal, refusalOfAddress } from './allowed-address.ts';
import type { OwnSettings } from './settings-store.ts';

/** The settings that decide where embedding calls go, and what they ask. */
export type EmbeddingChoice = Pick<
  OwnSettings,
  'embedding_provider' | 'embedding_base_url' | 'embedding_model' | 'embedding_dimensions'
>;

/** The settings that decide where reranking goes. */
export type RerankChoice = EmbeddingChoice & Pick<OwnSettings, 'rerank_model'>;

/** Where the calls of a tenant go. */
export interface Targets {
  embedding(own: EmbeddingChoice): ProviderTarget;
  /** Why this installation does not let the embedding calls of a tenant go there; undefined where it does. */
  refusal(own: EmbeddingChoice): AddressRefusal | undefined;
  /** Whether it lets them. */
  isAllowed(own: EmbeddingChoice): boolean;
  /** Whether the host is the tenant's choice, and every address of it must be public. */
  mustBePublic(own: EmbeddingChoice): boolean;
  /** The dimensions of the model's vectors where none are asked for; null where they are not known. */
  knownDimensions(own: EmbeddingChoice): number | null;
  /** Where the vendor of the embeddings is asked to rerank, on the same key; undefined where it has no reranking. */
  rerank(own: RerankChoice): ProviderTarget | undefined;
  anthropic(model: string): ProviderTarget;
}

/** Stands for an address that a stored setting does not have. No key is sealed for it, so nothing is sent there. */
const noAddress = 'https://address.invalid';

/** Creates the targets of the tenants' settings. */
export function createTargets(deps: {
  readonly catalogue: Catalogue;
  readonly providerUrls: ProviderUrls;
  readonly anthropicBaseUrl: string;
}): Targets {
  const { catalogue } = deps;

  const embedding = (own: EmbeddingChoice): ProviderTarget => {
    const { ofInstallation } = catalogue;
    const vendor = catalogue.find(own.embedding_provider);
    const model = own.embedding_model ?? vendor?.defaultModel ?? ofInstallation.defaultModel ?? '';
    if (vendor === undefined) {
      return {
        vendor: own.embedding_provider ?? ofInstallation.name,
        baseUrl: own.embedding_base_url ?? noAddress,
        model,
        dimensions: own.embedding_dimensions,
        inputStyle: { kind: 'none' },
      };
    }
    return {
      vendor: vendor.name,
      // What is stored counts, even where it is not what the vendor's entry allows: no key opens for such an address.
      baseUrl: baseUrlOf(vendor, own.embedding_base_url) ?? noAddress,
      model,
      dimensions: dimensionsToAsk(vendor, model, own.embedding_dimensions),
      inputStyle: inputStyleOf(vendor, model),
    };
  };

  const refusal = (own: EmbeddingChoice): AddressRefusal | undefined => {
    const vendor = catalogue.find(own.embedding_provider);
    if (vendor === undefined) return 'not_listed';
    const baseUrl = baseUrlOf(vendor, own.embedding_base_url) ?? noAddress;
    return refusalOfAddress(deps.providerUrls, vendor, baseUrl);
  };

  return {
    embedding,

    refusal,

    isAllowed: (own) => refusal(own) === undefined,

    mustBePublic(own) {
      const vendor = catalogue.find(own.embedding_provider);
      if (vendor === catalogue.ofInstallation || deps.providerUrls === 'any') return false;
      return vendor === undefined || !isListedAddress(vendor, embedding(own).baseUrl);
    },

    knownDimensions(own) {
      const vendor = catalogue.find(own.embedding_provider);
      const { model } = embedding(own);
      return vendor === undefined ? null : (findModel(vendor, model)?.dimensions ?? null);
    },

    rerank(own) {
      const rerank = catalogue.find(own.embedding_provider)?.rerank;
      if (rerank === undefined || rerank === null) return undefined;
      const model = own.rerank_model ?? rerank.defaultModel;
      return { ...embedding(own), model, dimensions: null, inputStyle: { kind: 'none' } };
    },

    anthropic: (model) => ({
      vendor: 'anthropic',
      baseUrl: deps.anthropicBaseUrl,
      model,
      dimensions: null,
      inputStyle: { kind: 'none' },
    }),
  };
}
