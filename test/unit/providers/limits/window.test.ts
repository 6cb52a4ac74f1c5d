import { describe, expect, it } from 'vitest';
import type { Window } from '../../../../src/providers/limits/limit-state.ts';
import { nextWindow, toldWindow } from '../../../../src/providers/limits/window.ts';

const known: Window = { limit: 10, left: 4, sinceMs: 1_000, resetAtMs: 10_000 };

describe('a window of a limit', () => {
  it('is not changed by a call that began before it, except that it may last longer', () => {
    const told = { left: 0, limit: 10, resetInMs: 20_000 };
    const answer = { nowMs: 2_000, startedAtMs: 900, underWay: 0 };
    expect(toldWindow(known, told, answer)).toEqual({ ...known, resetAtMs: 22_000 });
  });

  it('does not end earlier because a quick answer tells so', () => {
    const told = { left: 9, limit: 10, resetInMs: 7_000 };
    const answer = { nowMs: 2_000, startedAtMs: 1_500, underWay: 0 };
    expect(toldWindow(known, told, answer)).toEqual(known);
  });

  it('is another one when its reset is later than that of the known one can be', () => {
    const told = { left: 9, limit: 10, resetInMs: 20_000 };
    const answer = { nowMs: 2_000, startedAtMs: 1_500, underWay: 3 };
    expect(toldWindow(known, told, answer)).toEqual({
      ...{ limit: 10, left: 6, sinceMs: 2_000, resetAtMs: 22_000 },
    });
  });

  it('knows as its limit the most that was left, where the provider tells none', () => {
    const answer = { nowMs: 2_000, startedAtMs: 1_500, underWay: 0 };
    expect(toldWindow(known, { left: 2, resetInMs: 5_000 }, answer).limit).toBe(10);
    expect(toldWindow(null, { left: 2, resetInMs: 5_000 }, answer).limit).toBe(2);
  });

  it('begins anew with all of its limit but the calls under way, and lasts as long as the one before', () => {
    expect(nextWindow(known, 12_000, 3)).toEqual({
      ...{ limit: 10, left: 7, sinceMs: 12_000, resetAtMs: 21_000 },
    });
    const short = { ...known, resetAtMs: 1_000 };
    expect(nextWindow(short, 12_000, 0).resetAtMs).toBe(13_000);
  });
});
