import type { Actor } from '../../domain/actor.ts';
import type { Logger } from '../telemetry/logging.ts';
import { type Problem, problem } from './problem.ts';

/** The problem of a thrown error. The client gets a fixed sentence; the log gets the error's type and origin only. */
export function internalProblem(
  log: Logger,
  { requestId, actor }: { readonly requestId: string; readonly actor?: Actor },
  error: unknown,
): Problem {
  log.error({ request_id: requestId, tenant_id: actor?.tenantId, error }, 'request failed unexpectedly');
  return problem(
    'internal',
    'An unexpected error occurred in the service. The operator can find it by the request id.',
  );
}
