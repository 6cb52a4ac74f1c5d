import { believed, type Cost } from '../domain/cost.ts';
import type { FailureCode } from '../domain/failures.ts';
import { operations } from '../domain/operations.ts';
import { type CallRequest, costBoundOf } from './call.ts';
import type { Guard } from './guard.ts';
import type { ProviderMetrics } from './metrics.ts';

type AttemptMetrics = Pick<ProviderMetrics, 'providerCall' | 'costEstimated'>;

/**
 * Wraps a guard and counts its calls. The counting is outside of the guard, because the order of the guard's steps is
 * hard enough to read alone.
 */
export function meterGuard(
  guard: Guard,
  metrics: AttemptMetrics & Pick<ProviderMetrics, 'callRefused'>,
): Guard {
  return {
    admission: guard.admission,
    async call<R, K>(request: CallRequest<R, K>) {
      let sent = false;
      const refuse = (code: FailureCode) => {
        if (!sent) metrics.callRefused({ ...labelsOf(request), code });
      };
      try {
        const result = await guard.call<R, K>({
          ...request,
          async send(credential) {
            sent = true;
            return timed(request, () => request.send(credential), metrics);
          },
        });
        if (result.kind === 'failed') refuse(result.code);
        return result;
      } catch (error) {
        refuse('internal');
        throw error;
      }
    },
  };
}

/** The labels of a call. */
function labelsOf<R, K>({ operation, source }: CallRequest<R, K>) {
  return { provider: operations[operation].provider, operation, source };
}

/**
 * Makes the attempt and counts its code, its time, the tokens that the provider told, and whether it has to be estimated. An error that it throws
 * counts as `internal`, as in the guard.
 */
async function timed<R, K>(
  request: CallRequest<R, K>,
  send: () => ReturnType<CallRequest<R, K>['send']>,
  metrics: AttemptMetrics,
) {
  const startedAtMs = performance.now();
  const ended = (code: 'ok' | FailureCode, told: Cost) => {
    const seconds = (performance.now() - startedAtMs) / 1_000;
    const cost = believed(told, costBoundOf(request));
    const { inputTokens, outputTokens } = cost.kind === 'told' ? cost : { inputTokens: 0, outputTokens: 0 };
    metrics.providerCall({ ...labelsOf(request), code, seconds, inputTokens, outputTokens });
    if (cost.kind === 'unknown')
      metrics.costEstimated({
        ...labelsOf(request),
        usage: told.kind === 'unknown' ? 'absent' : 'unbelievable',
      });
  };
  try {
    const answer = await send();
    ended(answer.kind === 'ok' ? 'ok' : answer.code, answer.cost);
    return answer;
  } catch (error) {
    // It threw before or after it was sent, which nobody knows here: counted as the guard counts it if it was sent.
    ended('internal', { kind: 'unknown' });
    throw error;
  }
}
