import type { RateLimits } from '../wire/rate-limits.ts';
import type { Limited, LimitState, Window } from './limit-state.ts';
import { pausedNow, withProbe } from './pause.ts';
import { holds, nextWindow, spend, toldWindow } from './window.ts';

/** Calls that have begun and have not ended: how many, and the tokens that they have reserved. */
export interface OpenCalls {
  readonly requests: number;
  readonly tokens: number;
}

/** What a call asks of the limits. Its tokens are counted only where they are limited. */
export interface Demand {
  readonly likelyTokens: () => number;
  /** The most tokens that it can cost, which is what the calls under way have reserved. */
  readonly maxTokens: number;
  /** How long a probe keeps others from calling, in milliseconds. */
  readonly probeLeaseMs: number;
}

/** How soon a call is tried again that waits for the answers to calls under way. */
const underWayRetryMs = 1_000;

/** Why a call would be refused now; undefined when none of the limits that are known refuses it. */
export function limitedNow(
  state: LimitState,
  nowMs: number,
  likelyTokens: () => number,
): Limited | undefined {
  const paused = pausedNow(state.pause, nowMs);
  if (paused !== undefined) return paused;
  const { requests, tokens } = state;
  if (isLive(requests, nowMs) && !holds(requests, 1)) return { by: 'requests', untilMs: requests.resetAtMs };
  if (isLive(tokens, nowMs) && !holds(tokens, likelyTokens()))
    return { by: 'tokens', untilMs: tokens.resetAtMs };
  return undefined;
}

/**
 * Counts a call that begins against what is left, or says why it has to wait. `tested`: the call is made to find out whether the
 * key works, and is not refused. The same state means that there is nothing to count.
 */
export function takeCall(
  state: LimitState,
  nowMs: number,
  demand: Demand,
  open: OpenCalls,
  tested: boolean,
): { readonly kind: 'taken'; readonly state: LimitState } | ({ readonly kind: 'limited' } & Limited) {
  const limited = tested ? undefined : limitedNow(state, nowMs, demand.likelyTokens);
  if (limited !== undefined) return { kind: 'limited', ...limited };

  const requests = begun(state.requests, nowMs, open.requests);
  const tokens = begun(state.tokens, nowMs, likelyOf(open.tokens, demand));
  const untilMs = nowMs + underWayRetryMs;
  const othersUnderWay = open.requests > 0 && !tested;
  if (requests !== null && othersUnderWay && !holds(requests, 1))
    return { kind: 'limited', by: 'requests', untilMs };
  const cost = tokens === null ? 0 : demand.likelyTokens();
  if (tokens !== null && othersUnderWay && !holds(tokens, cost))
    return { kind: 'limited', by: 'tokens', untilMs };

  const pause = withProbe(state.pause, nowMs, demand.probeLeaseMs);
  if (requests === null && tokens === null && pause === state.pause) return { kind: 'taken', state };
  return {
    kind: 'taken',
    state: {
      ...state,
      requests: requests && spend(requests, 1),
      tokens: tokens && spend(tokens, cost),
      pause,
    },
  };
}

/** The windows as an answer tells them. Those that it says nothing about stay as they are. */
export function toldLimits(
  state: LimitState,
  told: RateLimits,
  answer: { readonly nowMs: number; readonly startedAtMs: number; readonly open: OpenCalls },
  demand: Pick<Demand, 'likelyTokens' | 'maxTokens'>,
): LimitState {
  const { requests, tokens } = told;
  const { open } = answer;
  return {
    ...state,
    requests: requests
      ? toldWindow(state.requests, requests, { ...answer, underWay: open.requests })
      : state.requests,
    tokens: tokens
      ? toldWindow(state.tokens, tokens, { ...answer, underWay: likelyOf(open.tokens, demand) })
      : state.tokens,
  };
}

/** Whether a call that begins now begins a window, of which the calls under way may take a part. */
export const mustCountOpen = ({ requests, tokens }: LimitState, nowMs: number): boolean =>
  [requests, tokens].some((window) => window !== null && !isLive(window, nowMs));

const isLive = (window: Window | null, nowMs: number): window is Window =>
  window !== null && window.resetAtMs > nowMs;

function begun(window: Window | null, nowMs: number, underWay: number): Window | null {
  return window === null || isLive(window, nowMs) ? window : nextWindow(window, nowMs, underWay);
}

/** What calls likely cost that have reserved so many tokens: as much less than the bound as this call. */
function likelyOf(reserved: number, { likelyTokens, maxTokens }: Pick<Demand, 'likelyTokens' | 'maxTokens'>) {
  return reserved === 0 ? 0 : Math.ceil((reserved * likelyTokens()) / Math.max(maxTokens, 1));
}
