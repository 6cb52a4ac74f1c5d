import type { Actor } from '../../domain/actor.ts';
import { isThrown } from '../../domain/thrown.ts';
import { DatabaseUnavailable, RequestEnded } from '../postgres/unavailable.ts';
import type { Logger } from '../telemetry/logging.ts';
import { ThreadsUnavailable } from '../threads/threads-unavailable.ts';
import { type Problem, problem } from './problem.ts';

/** A lost connection is replaced and a lock is released within a moment; a client that repeats at once only waits again. */
const retryAfterSeconds = 1;

/** The problem of anything thrown. The client gets a fixed sentence; the log gets the error's type and origin only. Never throws. */
export function internalProblem(
  log: Logger,
  { requestId, actor }: { readonly requestId: string; readonly actor?: Actor },
  error: unknown,
): Problem {
  const ids = { request_id: requestId, tenant_id: actor?.tenantId };
  if (isThrown(error, DatabaseUnavailable)) {
    log.warn({ ...ids, reason: error.reason, error }, 'database unavailable, request refused');
    return busy();
  }
  if (isThrown(error, ThreadsUnavailable)) {
    log.warn({ ...ids, reason: error.reason, error }, 'threads unavailable, request refused');
    return busy();
  }
  // Nobody reads the answer.
  if (isThrown(error, RequestEnded)) log.debug(ids, 'request ended by its client');
  else log.error({ ...ids, error }, 'request failed unexpectedly');
  return problem(
    'internal',
    'An unexpected error occurred in the service. The operator can find it by the request id.',
  );
}

const busy = () =>
  problem('busy', `The service cannot answer now. Try again in ${retryAfterSeconds} s.`, {
    headers: { 'Retry-After': String(retryAfterSeconds) },
  });
