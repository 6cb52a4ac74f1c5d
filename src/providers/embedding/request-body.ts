import type { ProviderTarget } from '../../domain/provider-target.ts';
import { type EmbeddingProfile, optionalFields } from './profile.ts';

/** On which side of a search the texts of a request stand. */
export type Side = 'query' | 'passage';

/**
 * The texts as they are sent: after the prefix of their side, if the model needs one, and without halves of surrogate pairs, which
 * strict servers refuse. The tokens of a call are those of these texts.
 */
export function textsToSend(
  { inputStyle }: Pick<ProviderTarget, 'inputStyle'>,
  side: Side,
  inputs: readonly string[],
): readonly string[] {
  const prefix = inputStyle.kind === 'prefix' ? inputStyle[side] : '';
  return inputs.map((text) => withoutHalfPairs(prefix + text));
}

/** Half a surrogate pair is no character, and becomes U+FFFD. */
export const withoutHalfPairs = (text: string) =>
  text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD');

/** The body of a request. A field that is not used is absent and never null: some servers refuse null. */
export function requestBody(
  target: ProviderTarget,
  profile: EmbeddingProfile,
  { side, texts }: { readonly side: Side; readonly texts: readonly string[] },
): Readonly<Record<string, unknown>> {
  const { inputStyle } = target;
  const values: Readonly<Record<string, unknown>> = {
    encoding_format: profile.encoding,
    [profile.dimensionsParameter]: target.dimensions,
    ...(inputStyle.kind === 'field' ? { [inputStyle.name]: inputStyle[side] } : {}),
  };
  const optional = optionalFields(profile, target).map((name) => [name, values[name]]);
  return { model: target.model, input: texts, ...Object.fromEntries(optional) };
}

/** The address of the embeddings below a base address, whose query string stays at the end. */
export function embeddingsUrl(baseUrl: string): string {
  const url = new URL(baseUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/embeddings`;
  return url.href;
}
