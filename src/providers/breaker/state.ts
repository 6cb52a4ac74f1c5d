import type { BreakerStateName } from './breaker-states.ts';
import type { BreakerPolicy, BreakerRow } from './breaker-store.ts';

/** A breaker as clients see it. */
export interface BreakerState {
  readonly state: BreakerStateName;
  readonly failures: number;
  readonly openUntil: Date | null;
  readonly lastErrorCode: string | null;
  readonly lastErrorAt: Date | null;
}

/** Describes one row of a breaker. */
export function describeRow(
  row: BreakerRow,
  policy: Pick<BreakerPolicy, 'failures' | 'windowMs'>,
): BreakerState {
  const { openUntil, lastErrorCode, lastErrorAt } = row;
  // Opening empties the window, so the number that opens the breaker is shown.
  const failures =
    row.openForMs === null
      ? row.failureAgesMs.filter((ageMs) => ageMs < policy.windowMs).length
      : policy.failures;
  const state = row.openForMs === null ? 'closed' : row.openForMs > 0 ? 'open' : 'half_open';
  return { state, failures, openUntil, lastErrorCode, lastErrorAt };
}

const severity: Readonly<Record<BreakerStateName, number>> = { closed: 0, half_open: 1, open: 2 };

/** Of two rows, the one that refuses more: open, or for longer, or with more failures. */
export function worseOf(a: BreakerState, b: BreakerState): BreakerState {
  const difference =
    severity[a.state] - severity[b.state] ||
    (a.openUntil?.getTime() ?? 0) - (b.openUntil?.getTime() ?? 0) ||
    a.failures - b.failures ||
    (a.lastErrorAt?.getTime() ?? 0) - (b.lastErrorAt?.getTime() ?? 0);
  return difference >= 0 ? a : b;
}
