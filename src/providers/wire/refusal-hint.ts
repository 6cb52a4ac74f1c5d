/**
 * What a refusal says beyond its code, for the caller inside this service that can do something about it. It holds no word of the
 * provider.
 */
export type RefusalHint =
  /** The batch has too many inputs, or too many tokens. */
  | { readonly kind: 'too_many_inputs' | 'too_many_tokens' }
  /** A field of the request is not accepted. The name is one that this service sends. */
  | { readonly kind: 'parameter'; readonly name: string }
  /** One of the inputs, or the size of the batch: the refusal does not say which. */
  | { readonly kind: 'input' }
  /** The provider failed on this request, and may do so each time: status 500. */
  | { readonly kind: 'server_error' }
  /** The quota of a day is used up and comes back by itself. */
  | { readonly kind: 'daily_quota' }
  /** The vectors have other dimensions than the tenant asks for. */
  | { readonly kind: 'other_dimensions' };
