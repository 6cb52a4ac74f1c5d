import { type FailureCode, failureTraits } from '../domain/failures.ts';
import type { Caller } from '../domain/operations.ts';
import type { Verdict } from './breaker/breaker.ts';
import type { ProviderAnswer } from './wire/provider-answer.ts';

/** Whether the provider has answered, be it with a refusal. */
export const isAnswer = <R>(answer: ProviderAnswer<R>) =>
  answer.kind === 'ok' || !failureTraits[answer.code].countsForBreaker;

const unusable: readonly FailureCode[] = ['malformed_response', 'answer_refused', 'answer_cut'];

/**
 * Whether an answer came that is on the bill, or may be, and cannot be used. A refusal before the work is free, and an attempt
 * without an answer has brought nothing that the next one would bring again.
 */
export const isPaidInVain = <R>(
  answer: ProviderAnswer<R>,
): answer is Extract<ProviderAnswer<R>, { kind: 'failed' }> =>
  answer.kind === 'failed' &&
  (answer.cost.kind === 'told' || (answer.cost.kind === 'unknown' && unusable.includes(answer.code)));

/**
 * The verdict on the provider. One that refuses has answered: only codes that say it is unwell count against it. An
 * `internal` error says nothing about it, and neither does an address to which nothing was sent, nor a failure on a text that is
 * suspect, so a probe is released for another call. Nor does one that is counted by the call that it was sent with.
 */
export function verdictOn<R>(answer: ProviderAnswer<R>, within: Caller, suspect = false): Verdict {
  if (answer.kind === 'ok') return { kind: 'answered', within };
  if (answer.code === 'internal' || answer.code === 'address_forbidden') return { kind: 'not_made' };
  if (suspect && answer.hint?.kind === 'server_error') return { kind: 'not_made' };
  if (answer.follows === true) return { kind: 'not_made' };
  return isAnswer(answer) ? { kind: 'answered', within } : { kind: 'failed', code: answer.code, within };
}
