import type { FailureCode } from '../../domain/failures.ts';
import type { Limited, LimitState, Pause, PausedBy } from './limit-state.ts';

/** The first pause after a refusal that names no time. Each further one is twice as long. */
const firstPauseMs = 2_000;
/** The longest one. A provider that asks for more is called again after it: a limit may end earlier than announced. */
const longestPauseMs = 300_000;
/** The pause after a used up quota or an unpaid bill. One call an hour finds out that it is over. */
const quotaPauseMs = 3_600_000;
/** How soon others look again while one call tries whether the pause is over. */
const probeRetryMs = 2_000;

/** Whether the pause refuses calls now. After its end one call may try, and the others wait for its answer. */
export function pausedNow(pause: Pause | null, nowMs: number): Limited | undefined {
  if (pause === null) return undefined;
  const { by, untilMs, probeUntilMs } = pause;
  if (untilMs > nowMs) return { by, untilMs };
  if (probeUntilMs === null || probeUntilMs <= nowMs) return undefined;
  return { by, untilMs: Math.min(probeUntilMs, nowMs + probeRetryMs) };
}

/** The pause with a call that begins now, which is its probe. */
export function withProbe(pause: Pause | null, nowMs: number, leaseMs: number): Pause | null {
  return pause === null ? null : { ...pause, probeUntilMs: nowMs + leaseMs };
}

/** How a call ended, for the pause. */
export interface CallEnd {
  readonly outcome: 'ok' | 'not_made' | FailureCode;
  /** The wait that the provider has named. */
  readonly retryAfterMs?: number | undefined;
}

const pausedByCode: Partial<Record<CallEnd['outcome'], PausedBy>> = {
  provider_rate_limited: 'provider',
  quota_exhausted: 'quota',
};

/** Whether such an end begins a pause. */
export const pauses = (outcome: CallEnd['outcome']): boolean => pausedByCode[outcome] !== undefined;

/**
 * The state after a call has ended that began at this epoch. A refusal begins a pause, and a success ends it. Calls that were under
 * way together are refused together: they make one pause. Any other end lets the next call try.
 */
export function afterCall(state: LimitState, epoch: number, end: CallEnd, nowMs: number): LimitState {
  const { pause } = state;
  const isCurrent = state.epoch === epoch;
  if (end.outcome === 'ok')
    return isCurrent && pause !== null ? { ...state, pause: null, epoch: state.epoch + 1 } : state;

  const by = pausedByCode[end.outcome];
  if (by === undefined)
    return isCurrent && pause !== null ? { ...state, pause: { ...pause, probeUntilMs: null } } : state;
  if (!isCurrent)
    return pause === null
      ? state
      : { ...state, pause: atLeast(pause, by, nowMs + Math.min(end.retryAfterMs ?? 0, longestPauseMs)) };
  const times = pause === null ? 1 : pause.times + 1;
  const untilMs = nowMs + pauseMs(by, times, end.retryAfterMs);
  return { ...state, pause: { by, times, untilMs, probeUntilMs: null }, epoch: epoch + 1 };
}

/** The pause where another call of its beginning was refused for longer. */
function atLeast(pause: Pause, by: PausedBy, untilMs: number): Pause {
  return untilMs > pause.untilMs && by === pause.by ? { ...pause, untilMs } : pause;
}

/** A wait that the provider names is kept, unless it names a short one each time: it would be called without end. */
function pauseMs(by: PausedBy, times: number, namedMs = 0): number {
  if (by === 'quota') return quotaPauseMs;
  return Math.min(Math.max(firstPauseMs * 2 ** (times - 1), namedMs), longestPauseMs);
}

/** After so many pauses in a row only their end or a test of the key lets a call try: a program that edits without end asks, too. */
const mostAskedPauses = 4;

/** Lets one call try at once, because a person asks for it. */
export function allowProbe(state: LimitState, nowMs: number): LimitState {
  const { pause } = state;
  if (pause === null || pause.untilMs <= nowMs || pause.times > mostAskedPauses) return state;
  return { ...state, pause: { ...pause, untilMs: nowMs } };
}
