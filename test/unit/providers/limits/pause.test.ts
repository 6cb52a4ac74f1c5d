import { describe, expect, it } from 'vitest';
import { type LimitState, unlimited } from '../../../../src/providers/limits/limit-state.ts';
import {
  afterCall,
  allowProbe,
  type CallEnd,
  pausedNow,
  withProbe,
} from '../../../../src/providers/limits/pause.ts';

const nowMs = 1_000_000;
const limited = { outcome: 'provider_rate_limited' } as const;
const fresh = unlimited(1);

describe('the pause of a key', () => {
  it('doubles from 2 s and stops at 5 min while no call passes', () => {
    let state = fresh;
    const lengths = Array.from({ length: 10 }, () => {
      state = ended(state, limited);
      return ((state.pause?.untilMs ?? 0) - nowMs) / 1_000;
    });
    expect(lengths).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  });

  it('is as long as the provider asks for, but not shorter than it would be without, and not over 5 min', () => {
    const length = (state: LimitState, retryAfterMs: number) =>
      (ended(state, { ...limited, retryAfterMs }).pause?.untilMs ?? 0) - nowMs;
    expect(length(fresh, 120_000)).toBe(120_000);
    expect(length(fresh, 0)).toBe(2_000);
    expect(length(ended(ended(fresh, limited), limited), 1_000)).toBe(8_000);
    expect(length(fresh, 86_400_000)).toBe(300_000);
  });

  it('is an hour after a used up quota, however often', () => {
    let state = fresh;
    for (let times = 0; times < 3; times += 1) state = ended(state, { outcome: 'quota_exhausted' });
    expect(state.pause).toMatchObject({ by: 'quota', untilMs: nowMs + 3_600_000, times: 3 });
  });

  it('is one for all calls that were under way together', () => {
    const one = ended(fresh, limited);
    const another = afterCall(one, fresh.epoch, limited, nowMs + 100);
    expect(another).toEqual(one);
    const longer = afterCall(one, fresh.epoch, { ...limited, retryAfterMs: 60_000 }, nowMs + 100);
    expect(longer.pause).toMatchObject({ times: 1, untilMs: nowMs + 60_100 });
  });

  it('is not ended by a late success of a call from before, nor begun by a late refusal after it', () => {
    const paused = ended(fresh, limited);
    expect(afterCall(paused, fresh.epoch, { outcome: 'ok' }, nowMs)).toEqual(paused);
    const over = ended(paused, { outcome: 'ok' });
    expect(over.pause).toBeNull();
    expect(afterCall(over, fresh.epoch, limited, nowMs)).toEqual(over);
  });

  it('lets one call try after its end, and the others look again soon', () => {
    const { pause } = ended(fresh, limited);
    const overMs = nowMs + 2_000;
    expect(pausedNow(pause, overMs - 1)).toEqual({ by: 'provider', untilMs: overMs });
    expect(pausedNow(pause, overMs)).toBeUndefined();
    const probed = withProbe(pause, overMs, 45_000);
    expect(pausedNow(probed, overMs + 1)).toEqual({ by: 'provider', untilMs: overMs + 2_001 });
    expect(pausedNow(probed, overMs + 45_000)).toBeUndefined();
  });

  it.each(['not_made', 'provider_timeout', 'internal', 'input_rejected'] as const)(
    'lets the next call try when the one before ended with %s',
    (outcome) => {
      const paused = ended(fresh, limited);
      const probed = { ...paused, pause: withProbe(paused.pause, nowMs + 2_000, 45_000) };
      const after = ended(probed, { outcome });
      expect(after.pause).toMatchObject({ times: 1, probeUntilMs: null });
      expect(pausedNow(after.pause, nowMs + 2_001)).toBeUndefined();
    },
  );

  it('lets one call try at once when a person asks for it', () => {
    const allowed = allowProbe(ended(fresh, limited), nowMs + 1);
    expect(pausedNow(allowed.pause, nowMs + 1)).toBeUndefined();
    expect(ended(allowed, limited).pause).toMatchObject({ times: 2, untilMs: nowMs + 4_000 });
    expect(allowProbe(fresh, nowMs)).toBe(fresh);
  });

  it('is kept at last, however often somebody asks, so that edits without end are not calls without end', () => {
    let state = ended(fresh, limited);
    let calls = 0;
    for (let edits = 0; edits < 100; edits += 1) {
      state = allowProbe(state, nowMs);
      if (pausedNow(state.pause, nowMs) !== undefined) continue;
      calls += 1;
      state = ended(state, limited);
    }
    expect(calls).toBe(4);
  });
});

const ended = (state: LimitState, end: CallEnd) => afterCall(state, state.epoch, end, nowMs);
