import { type Caller, type CallOperation, operations } from '../domain/operations.ts';
import { originOf } from '../domain/provider-target.ts';
import type { CurrentKey } from '../llm-config/provider-keys.ts';
import { withTimeout } from '../platform/async/with-timeout.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { type Admission, admit } from './admission.ts';
import { attemptTimeOf } from './attempt-time.ts';
import { createBeginAtOnce } from './begin-at-once.ts';
import { type BeginCallDeps, createBeginCall } from './begin-call.ts';
import type { CallRequest, CallResult } from './call.ts';
import { depsOfCandidate } from './candidate-deps.ts';
import { createMakeCall, type MakeCallDeps } from './make-call.ts';

/** The guarded path to the providers. */
export interface Guard {
  /** Whether a call of this operation could be made now. It reserves nothing, and `call` decides again. */
  admission(tx: Transaction, tenantId: string, operation: CallOperation, caller: Caller): Promise<Admission>;
  /**
   * Makes a call. It is the one path to a provider: key status, budget, breaker, decrypt, one attempt, classify,
   * breaker, call record.
   */
  call<R, K>(request: CallRequest<R, K>): Promise<CallResult<K>>;
}

export type GuardDeps = Omit<BeginCallDeps, 'atOnce'> & MakeCallDeps;

/** The steps before and after the attempt. */
const pathOf = (deps: GuardDeps) => {
  const atOnce = createBeginAtOnce(deps);
  return {
    begin: createBeginCall({ ...deps, atOnce }),
    makeCall: createMakeCall(deps),
    forget: atOnce.forget,
  };
};

/** Creates the guard. Every failure that it returns is a code of the failure table and nothing else. */
export function createGuard(deps: GuardDeps): Guard {
  const { backgroundTimeoutMs } = deps;
  const stored = pathOf(deps);

  /** Ends a call for a former address. Where no key opens for the present one either, that is what the tenant has to know. */
  const afterMove = async (tenantId: string, operation: CallOperation, key: CurrentKey) => {
    const origin = originOf(key.target.baseUrl);
    const opened = await deps.keys.openKey(tenantId, operations[operation].provider, key, origin);
    return opened.kind === 'failed' ? opened : ({ kind: 'superseded' } as const);
  };

  return {
    admission: (tx, tenantId, operation, caller) => admit(deps, tx, tenantId, operation, caller),

    async call<R, K>(request: CallRequest<R, K>): Promise<CallResult<K>> {
      const { candidate } = request;
      const { begin, makeCall, forget } =
        candidate === undefined ? stored : pathOf(depsOfCandidate(deps, candidate));
      const begun = await begin(request);
      if (begun.kind === 'moved') return afterMove(request.tenantId, request.operation, begun.stored);
      if (begun.kind !== 'begun') return begun;
      const time = attemptTimeOf(request, begun.permit.probe, backgroundTimeoutMs(request.operation));
      const made = makeCall(request, begun, time).then((result) => {
        if (result.kind === 'failed') forget(request.tenantId, request.operation);
        return result;
      });
      // Only the caller's wait ends: the attempt goes on, and what it brings is stored.
      return time.timeoutMs > request.timeoutMs
        ? withTimeout(made, request.timeoutMs, { kind: 'failed', code: 'provider_timeout' })
        : made;
    },
  };
}
