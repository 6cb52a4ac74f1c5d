import type { FailureCode } from '../domain/failures.ts';
import { operations } from '../domain/operations.ts';
import type { CallRequest } from './call.ts';
import type { Guard } from './guard.ts';
import type { ProviderMetrics } from './metrics.ts';

/**
 * Wraps a guard and counts its calls. The counting is outside of the guard, because the order of the guard's steps is
 * hard enough to read alone.
 */
export function meterGuard(
  guard: Guard,
  metrics: Pick<ProviderMetrics, 'providerCall' | 'callRefused'>,
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
 * Makes the attempt and counts its code, its time and its tokens. An error that it throws counts as `internal`, as in
 * the guard.
 */
async function timed<R, K>(
  request: CallRequest<R, K>,
  send: () => ReturnType<CallRequest<R, K>['send']>,
  metrics: Pick<ProviderMetrics, 'providerCall'>,
) {
  const startedAtMs = performance.now();
  const ended = (code: 'ok' | FailureCode, inputTokens: number, outputTokens: number) => {
    const seconds = (performance.now() - startedAtMs) / 1_000;
    metrics.providerCall({ ...labelsOf(request), code, seconds, inputTokens, outputTokens });
  };
  try {
    const answer = await send();
    if (answer.kind === 'ok') ended('ok', answer.inputTokens ?? request.maxTokens, answer.outputTokens);
    else ended(answer.code, 0, 0);
    return answer;
  } catch (error) {
    ended('internal', 0, 0);
    throw error;
  }
}
