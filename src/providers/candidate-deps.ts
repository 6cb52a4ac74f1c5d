import type { CandidateKey } from '../llm-config/trial.ts';
import type { Breaker } from './breaker/breaker.ts';
import type { GuardDeps } from './guard.ts';
import type { Limits } from './limits/limits.ts';

/** No stored key has this version, so a call with a candidate is nobody's last failure. */
const candidateVersion = 0;

/**
 * What the guard's path works with for a key that is tried before it counts: the candidate is the current key, and the breaker,
 * the limits and the status of the tenant's stored key neither decide about the call nor change by it. The budgets, the records
 * and the custody are those of every call.
 */
export function depsOfCandidate(deps: GuardDeps, candidate: CandidateKey): GuardDeps {
  const current = {
    ...candidate,
    version: candidateVersion,
    status: 'unverified',
    rejection: null,
    monthlyTokenBudget: null,
  } as const;
  return {
    ...deps,
    keys: {
      ...deps.keys,
      current: async () => current,
      markRejected: async () => false,
      markVerified: async () => false,
    },
    breaker: { ...deps.breaker, ...permissive },
    limits: { ...deps.limits, ...unlimited },
  };
}

const permissive = {
  acquire: async () => ({ kind: 'permit', probe: false, rows: [] }),
  report: async () => [],
} satisfies Partial<Breaker>;

const unlimited = {
  take: async () => ({ kind: 'taken', epoch: 0, paused: false }),
  ended: async () => undefined,
} satisfies Partial<Limits>;
