import type { FailureCode } from '../domain/failures.ts';
import { operations } from '../domain/operations.ts';
import type { CallRequest, Guard } from './guard.ts';
import type { ProviderMetrics } from './metrics.ts';

/** Counts what a guard does. Beside the guard and not inside it: the order of its steps is hard enough to read alone. */
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
        const guarded = await guard.call<R, K>({
          ...request,
          async send(credential) {
            sent = true;
            return timed(request, () => request.send(credential), metrics);
          },
        });
        if (guarded.kind === 'failed') refuse(guarded.code);
        return guarded;
      } catch (error) {
        refuse('internal');
        throw error;
      }
    },
  };
}

/** Of a call, what may be counted by. */
function labelsOf<R, K>({ operation, source }: CallRequest<R, K>) {
  return { provider: operations[operation].provider, operation, source };
}

/** Makes the attempt and counts it with its code and its time; one that throws is `internal`, as it is to the guard. */
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
