import type { Vendor, VendorModel } from './vendor.ts';

/** A vendor as the API and the documents show it. */
export interface VendorView {
  readonly name: string;
  readonly title: string;
  /** `own`: a server of the tenant, whose whole address is given. */
  readonly address_kind: Vendor['address']['kind'];
  readonly base_url?: string;
  readonly base_url_template?: string;
  readonly other_base_urls: readonly string[];
  readonly parameters: readonly {
    readonly name: string;
    readonly example: string;
    readonly default: string | null;
  }[];
  readonly keys_optional: boolean;
  readonly default_model: string | null;
  readonly models: readonly {
    readonly name: string;
    readonly dimensions: number | null;
    /** Those that a request may ask for instead: the only ones, or a range; null where there are no others. */
    readonly other_dimensions: readonly number[] | { readonly min: number; readonly max: number } | null;
    readonly max_input_tokens: number | null;
  }[];
  /** Its reranking, on the same key; null where it has none. */
  readonly rerank: { readonly default_model: string; readonly models: readonly string[] } | null;
  /** The form in which it tells what is left of the rate; null where it is not known. */
  readonly rate_headers: Vendor['rateHeaders'];
  readonly notes: string;
}

/** Builds the view of a vendor. */
export function presentVendor(vendor: Vendor): VendorView {
  const { name, title, address, notes } = vendor;
  return {
    name,
    title,
    address_kind: address.kind,
    ...presentAddress(address),
    keys_optional: vendor.keysOptional,
    default_model: vendor.defaultModel,
    models: vendor.models.map((model) => ({
      name: model.name,
      dimensions: model.dimensions,
      other_dimensions: otherDimensions(model),
      max_input_tokens: model.maxInputTokens,
    })),
    rerank: vendor.rerank && { default_model: vendor.rerank.defaultModel, models: vendor.rerank.models },
    rate_headers: vendor.rateHeaders,
    notes,
  };
}

function otherDimensions({ dimensions, dimensionsSettable: settable }: VendorModel) {
  if (settable === undefined) return null;
  return 'min' in settable ? settable : settable.filter((each) => each !== dimensions);
}

function presentAddress(
  address: Vendor['address'],
): Pick<VendorView, 'base_url' | 'base_url_template' | 'other_base_urls' | 'parameters'> {
  switch (address.kind) {
    case 'fixed':
      return { base_url: address.baseUrl, other_base_urls: address.alsoAt ?? [], parameters: [] };
    case 'template':
      return {
        base_url_template: address.template,
        other_base_urls: address.alsoAt ?? [],
        parameters: address.parameters.map(({ name, example, defaultValue }) => ({
          name,
          example,
          default: defaultValue ?? null,
        })),
      };
    case 'own':
      return { base_url_template: address.example, other_base_urls: [], parameters: [] };
    default:
      return address satisfies never;
  }
}
