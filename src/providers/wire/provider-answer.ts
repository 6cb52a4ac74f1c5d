import type { Cost } from '../../domain/cost.ts';
import type { Failure } from '../../domain/failures.ts';
import type { RefusalHint } from './refusal-hint.ts';

/** What a provider client returns: the parsed result or a code, and what the call has cost in either case. */
export type ProviderAnswer<R> =
  | { readonly kind: 'ok'; readonly result: R; readonly cost: Cost }
  | ({ readonly kind: 'failed'; readonly cost: Cost; readonly hint?: RefusalHint } & Failure);
