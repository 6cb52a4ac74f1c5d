import type { Actor } from '../../domain/actor.ts';
import type { Logger } from '../telemetry/logging.ts';
import { type Problem, problem } from './problem.ts';

/** The problem of anything thrown: the client gets a fixed sentence, the log the error's type and place alone. */
export function internalProblem(
  log: Logger,
  { requestId, actor }: { readonly requestId: string; readonly actor?: Actor },
  error: unknown,
): Problem {
  log.error({ request_id: requestId, tenant_id: actor?.tenantId, error }, 'request failed unexpectedly');
  return problem(
    'internal',
    'Something went wrong on our side. The request id helps the operator to find it.',
  );
}
