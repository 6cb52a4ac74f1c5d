import type { Failure } from '../domain/failures.ts';

/** What a provider client answers: the parsed result with the tokens that the provider counted, or a code. */
export type ProviderAnswer<R> =
  | { readonly kind: 'ok'; readonly result: R; readonly inputTokens: number; readonly outputTokens: number }
  | ({ readonly kind: 'failed' } & Failure);
