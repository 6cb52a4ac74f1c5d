/** The states of a breaker. While it is half-open, one call may probe the provider. */
export const breakerStates = ['closed', 'open', 'half_open'] as const;
export type BreakerStateName = (typeof breakerStates)[number];

/** The transitions of a breaker: failures open it, its probe is taken, it closes, the tenant resets it. */
export const breakerTransitions = ['opened', 'probe', 'closed', 'reset'] as const;
export type BreakerTransition = (typeof breakerTransitions)[number];
