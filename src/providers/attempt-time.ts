import {
  type Caller,
  type CallOperation,
  type CallSource,
  callerOf,
  operations,
} from '../domain/operations.ts';

/** What decides how long a call may take. */
interface TimedCall {
  readonly operation: CallOperation;
  readonly source: CallSource;
  /** How long its caller waits. */
  readonly timeoutMs: number;
}

/** The time of an attempt, in milliseconds, and whose time it is. */
export interface AttemptTime {
  readonly timeoutMs: number;
  readonly within: Caller;
}

/**
 * The time that an attempt is given. A probe gets that of a workflow, even when a person waits for it: the person's wait ends in
 * time, while the attempt finds out whether the provider answers at all, and what it answers is stored and settled.
 */
export function attemptTimeOf(call: TimedCall, probe: boolean, backgroundTimeoutMs: number): AttemptTime {
  const caller = callerOf[call.source];
  return probe && caller === 'interactive'
    ? { timeoutMs: Math.max(call.timeoutMs, backgroundTimeoutMs), within: 'background' }
    : { timeoutMs: call.timeoutMs, within: caller };
}

/** Within whose time an attempt that took `tookMs` has been answered. */
export function answeredWithin(call: TimedCall, tookMs: number): Caller {
  return callerOf[call.source] === 'interactive' && tookMs <= call.timeoutMs ? 'interactive' : 'background';
}

/**
 * The lease of a probe, in milliseconds: the attempt's time, and time for Vault and the transactions around it. Even with the
 * longest timeout it ends before Temporal notices a dead worker, so that the next attempt finds the probe free.
 */
export function probeLeaseMs(call: TimedCall, backgroundTimeoutMs: number): number {
  const { startToCloseMs, background } = operations[call.operation];
  return attemptTimeOf(call, true, backgroundTimeoutMs).timeoutMs + startToCloseMs - background.maxMs;
}

/**
 * The lease of a claim, in milliseconds: the longest attempt, and time for Vault, the transactions around it and the pauses
 * before a result is stored again. Nobody waits for its end unless its holder has died.
 */
export function claimLeaseMs({ operation, timeoutMs }: TimedCall): number {
  return Math.max(timeoutMs, operations[operation].background.maxMs) + 20_000;
}
