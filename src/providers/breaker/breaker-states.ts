export const breakerStates = ['closed', 'open', 'half_open'] as const;
export type BreakerStateName = (typeof breakerStates)[number];

/** What can happen to a breaker: the failures open it, its probe is taken, it closes, the tenant resets it. */
export const breakerTransitions = ['opened', 'probe', 'closed', 'reset'] as const;
export type BreakerTransition = (typeof breakerTransitions)[number];
