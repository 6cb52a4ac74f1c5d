import type { FailureCode } from '../../domain/failures.ts';
import type { Caller } from '../../domain/operations.ts';

/** How a permitted call ended, for the breaker. */
export type Verdict =
  /** The provider answered within the time of such callers. */
  | { readonly kind: 'answered'; readonly within: Caller }
  /** The call failed in a way that counts, after it was given the time of such callers. */
  | { readonly kind: 'failed'; readonly code: FailureCode; readonly within: Caller }
  /** No call was made, as far as is known. A probe is released, and nothing is counted. */
  | { readonly kind: 'not_made' };

/** What a call says about the provider for the callers of one row. */
export type RowVerdict =
  | { readonly kind: 'answered' | 'not_made' }
  | { readonly kind: 'failed'; readonly code: FailureCode };

/**
 * What the end of a call says for the callers of one row. A provider that is too slow for a person says nothing to a workflow. Any
 * other failure is counted once, in the row of background callers, which refuses everybody.
 */
export function verdictForRow(caller: Caller, verdict: Verdict): RowVerdict {
  if (verdict.kind === 'not_made') return { kind: 'not_made' };
  const tooLateForPersons = verdict.within === 'background';
  if (verdict.kind === 'answered') {
    return caller === 'interactive' && tooLateForPersons
      ? { kind: 'failed', code: 'provider_timeout' }
      : { kind: 'answered' };
  }
  const counts =
    verdict.code === 'provider_timeout'
      ? caller === 'interactive' || tooLateForPersons
      : caller === 'background';
  return counts ? { kind: 'failed', code: verdict.code } : { kind: 'not_made' };
}
