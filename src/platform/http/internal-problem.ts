import type { Actor } from '../../domain/actor.ts';
import { DatabaseUnavailable, RequestEnded } from '../postgres/unavailable.ts';
import type { Logger } from '../telemetry/logging.ts';
import { type Problem, problem } from './problem.ts';

/** A lost connection is replaced and a lock is released within a moment; a client that repeats at once only waits again. */
const retryAfterSeconds = 1;

/** The problem of a thrown error. The client gets a fixed sentence; the log gets the error's type and origin only. */
export function internalProblem(
  log: Logger,
  { requestId, actor }: { readonly requestId: string; readonly actor?: Actor },
  error: unknown,
): Problem {
  const ids = { request_id: requestId, tenant_id: actor?.tenantId };
  if (error instanceof DatabaseUnavailable) {
    log.warn({ ...ids, reason: error.reason, error }, 'database unavailable, request refused');
    return problem('busy', `The service cannot answer now. Try again in ${retryAfterSeconds} s.`, {
      headers: { 'Retry-After': String(retryAfterSeconds) },
    });
  }
  // Nobody reads the answer.
  if (error instanceof RequestEnded) log.debug(ids, 'request ended by its client');
  else log.error({ ...ids, error }, 'request failed unexpectedly');
  return problem(
    'internal',
    'An unexpected error occurred in the service. The operator can find it by the request id.',
  );
}
