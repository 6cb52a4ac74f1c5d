import type { Cost } from '../../domain/cost.ts';
import type { Failure } from '../../domain/failures.ts';
import type { TransportCause } from '../../domain/transport-cause.ts';
import type { RefusalHint } from './refusal-hint.ts';

/** What a provider client returns: the parsed result or a code, and what the call has cost in either case. */
export type ProviderAnswer<R> =
  | { readonly kind: 'ok'; readonly result: R; readonly cost: Cost }
  | ({
      readonly kind: 'failed';
      readonly cost: Cost;
      readonly hint?: RefusalHint;
      /** The same failure is another call's, too: they were sent together, and the provider has failed once. */
      readonly follows?: true;
    } & FailedAttempt);

/** A failed attempt. Why no answer came is for operators: it is logged and counted around the attempt, and goes no further. */
export interface FailedAttempt extends Failure {
  readonly cause?: TransportCause;
}
