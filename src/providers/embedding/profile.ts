import type { ProviderTarget } from '../../domain/provider-target.ts';
import type { Vendor } from '../catalogue/vendor.ts';

/** The `encoding_format` that requests name; `unnamed` where they name none. */
export const encodings = ['float', 'base64', 'unnamed'] as const;
/** The field of a request that asks for dimensions. */
export const dimensionsParameters = ['dimensions', 'output_dimension', 'none'] as const;
/** Where an answer tells the tokens that it cost. */
export const usageFields = ['prompt_tokens', 'total_tokens', 'input_tokens', 'none'] as const;

/** The limits of requests that are found out by refusals; null is not known. */
export interface RequestLimits {
  readonly maxInputs: number | null;
  readonly maxRequestTokens: number | null;
  readonly maxInputTokens: number | null;
}

/** How a target is used: what the catalogue says of it, corrected by what its calls have shown. */
export interface EmbeddingProfile extends RequestLimits {
  readonly encoding: (typeof encodings)[number];
  readonly dimensionsParameter: (typeof dimensionsParameters)[number];
  /** Fields of the request that the provider does not accept. They are left out. */
  readonly leftOut: readonly string[];
  /** How answers write a vector, where they tell their usage, and whether they number their vectors; null before the first. */
  readonly vectors: 'numbers' | 'base64' | null;
  readonly usage: (typeof usageFields)[number] | null;
  readonly index: boolean | null;
  /** Whether the model makes other dimensions than the tenant asks for. */
  readonly makesOtherDimensions: boolean;
  /** The model that answers name. */
  readonly answeredModel: string | null;
  /** When answers began to name another model than before. */
  readonly modelDriftedAt: Date | null;
  /** When a call last changed what is known; null before the first call that worked. */
  readonly foundAt: Date | null;
}

/** What a call finds out, apart from the limits. */
export type FoundTraits = Pick<
  EmbeddingProfile,
  'encoding' | 'dimensionsParameter' | 'leftOut' | 'vectors' | 'usage' | 'index' | 'makesOtherDimensions'
>;

/** What an answer has shown of its provider. */
export interface SeenTraits {
  readonly vectors: NonNullable<EmbeddingProfile['vectors']>;
  readonly usage: NonNullable<EmbeddingProfile['usage']>;
  readonly index: boolean;
  readonly answeredModel: string | null;
}

/** The profile before the first call: what the catalogue says, and for what it does not know the most common form. */
export function startingProfile(target: ProviderTarget, vendor: Vendor | undefined): EmbeddingProfile {
  const model = vendor?.models.find(({ name }) => name === target.model);
  return {
    encoding: vendor?.encoding ?? 'float',
    dimensionsParameter: vendor?.dimensionsParameter ?? 'dimensions',
    maxInputs: vendor?.maxInputs ?? null,
    maxRequestTokens: vendor?.maxRequestTokens ?? null,
    maxInputTokens: model?.maxInputTokens ?? vendor?.maxInputTokens ?? null,
    leftOut: [],
    vectors: null,
    usage: null,
    index: null,
    makesOtherDimensions: false,
    answeredModel: null,
    modelDriftedAt: null,
    foundAt: null,
  };
}

/** Whether the first call has something to find out before a large batch is sent. */
export function isToBeFound(
  profile: EmbeddingProfile,
  target: ProviderTarget,
  vendor: Vendor | undefined,
): boolean {
  const knowsEncoding = vendor !== undefined && vendor.encoding !== null;
  const knowsDimensions =
    target.dimensions === null || (vendor !== undefined && vendor.dimensionsParameter !== null);
  return profile.foundAt === null && !(knowsEncoding && knowsDimensions);
}

/** The optional fields of a request that this profile sends, by their names on the wire. */
export function optionalFields(
  profile: EmbeddingProfile,
  { dimensions, inputStyle }: ProviderTarget,
): readonly string[] {
  const named = [
    ...(profile.encoding === 'unnamed' ? [] : ['encoding_format']),
    ...(dimensions === null || profile.dimensionsParameter === 'none' ? [] : [profile.dimensionsParameter]),
    ...(inputStyle.kind === 'field' ? [inputStyle.name] : []),
  ];
  return named.filter((name) => !profile.leftOut.includes(name));
}

/**
 * The profile after the provider has refused a field of the request by its name; undefined where that changes nothing. A field that
 * was left out and is asked for now is sent again.
 */
export function afterRefusedField(
  profile: EmbeddingProfile,
  target: ProviderTarget,
  vendor: Vendor | undefined,
  refused: string,
): EmbeddingProfile | undefined {
  // Of refused dimensions a vendor may give the name that others have for them.
  const asksDimensions = target.dimensions !== null && !dimensionsAreUnnamed(profile, target);
  const name = asksDimensions && isDimensions(refused) ? profile.dimensionsParameter : refused;
  if (profile.leftOut.includes(name)) {
    return { ...profile, leftOut: profile.leftOut.filter((field) => field !== name) };
  }
  if (!optionalFields(profile, target).includes(name)) return undefined;
  // Most servers call it as OpenAI does; some others have one other name for it.
  if (name === 'dimensions' && (vendor === undefined || vendor.dimensionsParameter === null)) {
    return { ...profile, dimensionsParameter: 'output_dimension' };
  }
  return { ...profile, leftOut: [...profile.leftOut, name] };
}

const isDimensions = (name: string) => name === 'dimensions' || name === 'output_dimension';

/** The profile whose requests hold no optional field at all; undefined where that changes nothing. */
export function withoutOptionalFields(
  profile: EmbeddingProfile,
  target: ProviderTarget,
): EmbeddingProfile | undefined {
  const fields = optionalFields(profile, target);
  return fields.length === 0 ? undefined : { ...profile, leftOut: [...profile.leftOut, ...fields] };
}

/** Whether the tenant asks for dimensions that requests of this profile do not name. */
export const dimensionsAreUnnamed = (profile: EmbeddingProfile, target: ProviderTarget): boolean =>
  target.dimensions !== null &&
  (profile.dimensionsParameter === 'none' || profile.leftOut.includes(profile.dimensionsParameter));
