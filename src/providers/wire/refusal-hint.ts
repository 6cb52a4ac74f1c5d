/**
 * What a refusal says beyond its code, for callers inside the service. It decides what the next request looks like, and is never
 * stored or shown.
 */
export type RefusalHint =
  /** The batch has more texts than one request may have. */
  | { readonly kind: 'too_many_inputs' }
  /** The batch, or a text of it, has more tokens than are taken. */
  | { readonly kind: 'too_many_tokens' }
  /** A field of the request is not accepted: `encoding_format`, `dimensions`, `input_type`, … */
  | { readonly kind: 'parameter'; readonly name: string }
  /** An input is at fault, and nothing says how. */
  | { readonly kind: 'input' }
  /** The status is exactly 500. Some providers answer so to a text that they cannot embed. */
  | { readonly kind: 'server_error' }
  /** A spent quota that ends by itself at the turn of the provider's day. */
  | { readonly kind: 'daily_quota' };
