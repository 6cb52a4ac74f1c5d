import type { RateWindow } from '../wire/rate-limits.ts';
import type { Window } from './limit-state.ts';

/** Clocks and roundings differ by less. A reset that is later by more is that of another window. */
const sameResetMs = 1_000;
/** The shortest and the longest length of a window that is assumed. */
const shortestMs = 1_000;
const longestMs = 300_000;

/** Whether the window holds a call of this cost. One that costs more than the whole limit is made when all of it is left. */
export function holds(window: Window, cost: number): boolean {
  return window.left >= Math.max(1, Math.min(cost, window.limit));
}

/** The window with a call of this cost under way. */
export function spend(window: Window, cost: number): Window {
  return { ...window, left: window.left - cost };
}

/**
 * The window after one whose reset has passed, of which nothing is told yet: all of the limit is left, except what calls under way
 * may take of it. Its length is the one that the last was told to have.
 */
export function nextWindow(over: Window, nowMs: number, underWay: number): Window {
  const lengthMs = Math.min(Math.max(over.resetAtMs - over.sinceMs, shortestMs), longestMs);
  return { limit: over.limit, left: over.limit - underWay, sinceMs: nowMs, resetAtMs: nowMs + lengthMs };
}

/** When an answer came, and what it cannot know of: the other calls that are under way, in requests or tokens. */
export interface AnswerTime {
  readonly nowMs: number;
  readonly startedAtMs: number;
  readonly underWay: number;
}

/**
 * The window as an answer tells it. Within one window what is left only shrinks, because answers overtake each other and none knows
 * of the calls that the provider has not seen. In a new one it is what is told, less the calls under way. An answer to a call that
 * began before the window was learned says nothing of what is left, because it may be about the one before.
 */
export function toldWindow(known: Window | null, told: RateWindow, answer: AnswerTime): Window {
  const { nowMs, startedAtMs, underWay } = answer;
  const limit = told.limit ?? Math.max(known?.limit ?? 0, told.left);
  const resetAtMs = nowMs + told.resetInMs;
  const isNew =
    known === null ||
    known.resetAtMs <= nowMs ||
    // Not the time of the answer: one to a slow call would seem to tell a later reset.
    startedAtMs + told.resetInMs > known.resetAtMs + sameResetMs;
  // The reset counts all the same: a window that is only assumed may be shorter than the real one.
  if (known !== null && startedAtMs < known.sinceMs)
    return { ...known, resetAtMs: Math.max(known.resetAtMs, resetAtMs) };
  if (isNew) return { limit, left: told.left - underWay, sinceMs: nowMs, resetAtMs };
  return {
    limit,
    left: Math.min(known.left, told.left),
    sinceMs: known.sinceMs,
    resetAtMs: Math.max(known.resetAtMs, resetAtMs),
  };
}
