import { operations } from '../domain/operations.ts';
import type { ProviderTarget } from '../domain/provider-target.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import type { CallRequest } from './call.ts';
import type { Guard } from './guard.ts';
import type { ProviderMetrics } from './metrics.ts';
import type { RecentCauses } from './status/recent-causes.ts';
import type { ProviderAnswer } from './wire/provider-answer.ts';
import { isOperatorsOwn } from './wire/provider-connections.ts';

export interface ReportedGuardDeps {
  readonly log: Logger;
  readonly metrics: Pick<ProviderMetrics, 'connectionFailed'>;
  readonly recentCauses: RecentCauses;
}

type FailedAnswer = Extract<ProviderAnswer<unknown>, { kind: 'failed' }>;

/**
 * Wraps a guard and tells operators of each attempt that fails: one log line, and for one without an answer its cause in the
 * metrics and the readiness view. Nothing of it is of an address or an answer, and the guard itself does not see the cause.
 */
export function reportFailures(guard: Guard, { log, metrics, recentCauses }: ReportedGuardDeps): Guard {
  const report = (
    { tenantId, operation, source }: Pick<CallRequest<unknown, unknown>, 'tenantId' | 'operation' | 'source'>,
    target: ProviderTarget,
    { code, cause }: FailedAnswer,
  ) => {
    const { provider } = operations[operation];
    const addresses = isOperatorsOwn(target) ? 'default' : 'tenants_own';
    log.info(
      { tenant_id: tenantId, provider, addresses, operation, source, code, ...(cause && { cause }) },
      'provider call failed',
    );
    if (cause === undefined) return;
    metrics.connectionFailed({ provider, addresses, cause });
    recentCauses.record({ provider, addresses, cause });
  };
  return {
    admission: guard.admission,
    call(request) {
      const failOn = (error: unknown): never => {
        log.error({ error, tenant_id: request.tenantId }, 'provider call ended in an error of this service');
        throw error;
      };
      return guard.call({
        ...request,
        prepare: async (result) => request.prepare?.(result).catch(failOn),
        async send(attempt) {
          const answer = await request.send(attempt).catch(failOn);
          if (answer.kind === 'ok') return answer;
          // Of texts that were sent together the failure is reported once.
          if (answer.follows !== true) report(request, attempt.target, answer);
          const { cause: _, ...failed } = answer;
          return failed;
        },
      });
    },
  };
}
