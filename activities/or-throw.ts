import type { Failure } from '../src/domain/failures.ts';
import { toApplicationFailure } from './failure.ts';

/** Returns an expected outcome and throws a failure as Temporal's. */
export function orThrow<T extends { readonly kind: string }>(
  outcome: T | ({ readonly kind: 'failed' } & Failure),
): T {
  if (isFailed(outcome)) throw toApplicationFailure(outcome);
  return outcome;
}

function isFailed(outcome: { readonly kind: string }): outcome is { readonly kind: 'failed' } & Failure {
  return outcome.kind === 'failed';
}
