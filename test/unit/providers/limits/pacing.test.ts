import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LimitState, unlimited } from '../../../../src/providers/limits/limit-state.ts';
import { type OpenCalls, takeCall, toldLimits } from '../../../../src/providers/limits/pacing.ts';
import type { RateLimits } from '../../../../src/providers/wire/rate-limits.ts';

const nowMs = 1_000_000;
const noneOpen: OpenCalls = { requests: 0, tokens: 0 };
const costing = (tokens: number) => ({
  likelyTokens: () => tokens,
  maxTokens: tokens,
  probeLeaseMs: 45_000,
});

describe('what is left of a limit', () => {
  it('refuses a call where no request is left, until the reset', () => {
    const state = toldOf({ requests: { left: 0, limit: 10, resetInMs: 20_000 } });
    expect(take(state)).toEqual({ kind: 'limited', by: 'requests', untilMs: nowMs + 20_000 });
    expect(take(state, nowMs + 20_000).kind).toBe('taken');
  });

  it('refuses a call that likely costs more tokens than are left, and lets a smaller one go', () => {
    const state = toldOf({ tokens: { left: 500, limit: 10_000, resetInMs: 20_000 } });
    expect(take(state, nowMs, 501)).toMatchObject({ kind: 'limited', by: 'tokens' });
    expect(take(state, nowMs, 500).kind).toBe('taken');
  });

  it('counts the calls under way', () => {
    let state = toldOf({ requests: { left: 2, limit: 10, resetInMs: 20_000 } });
    for (let calls = 0; calls < 2; calls += 1) state = taken(take(state));
    expect(take(state)).toMatchObject({ kind: 'limited', by: 'requests' });
  });

  it('keeps no call for ever that costs more than the whole limit', () => {
    const state = toldOf({ tokens: { left: 500, limit: 1_000, resetInMs: 20_000 } });
    expect(take(state, nowMs, 5_000)).toMatchObject({ kind: 'limited', by: 'tokens' });
    expect(take(state, nowMs + 20_000, 5_000).kind).toBe('taken');
    const full = toldOf({ tokens: { left: 1_000, limit: 1_000, resetInMs: 20_000 } });
    expect(take(full, nowMs, 5_000).kind).toBe('taken');
  });

  it('is what an answer tells, less the calls that the provider may not have seen', () => {
    const state = toldOf({ requests: { left: 9, resetInMs: 20_000 } }, { requests: 4, tokens: 0 });
    expect(state.requests).toMatchObject({ limit: 9, left: 5 });
  });

  it('does not grow within a window by an answer that another has overtaken', () => {
    const state = toldOf({ requests: { left: 3, limit: 10, resetInMs: 20_000 } });
    const late = { nowMs: nowMs + 100, startedAtMs: nowMs + 1, open: noneOpen };
    const told = toldLimits(state, { requests: { left: 8, limit: 10, resetInMs: 19_950 } }, late, costing(1));
    expect(told.requests?.left).toBe(3);
  });

  it('is not limited by a test of the key', () => {
    const state = toldOf({ requests: { left: 0, limit: 10, resetInMs: 20_000 } });
    expect(takeCall(state, nowMs, costing(1), noneOpen, true).kind).toBe('taken');
  });

  it('costs nothing to know of a provider that tells no limits', () => {
    const state = unlimited(1);
    expect(takeCall(state, nowMs, costing(1), noneOpen, false)).toEqual({ kind: 'taken', state });
  });
});

const callers = 50;
const aRun = fc.record({
  limit: fc.integer({ min: 1, max: 30 }),
  windowMs: fc.integer({ min: 1_000, max: 60_000 }),
  /** Whether the provider tells the limit besides what is left. */
  tellsLimit: fc.boolean(),
  /** Whether it tells the reset in whole seconds. */
  wholeSeconds: fc.boolean(),
  callers: fc.array(
    fc.record({
      beginsMs: fc.nat({ max: 90_000 }),
      toProviderMs: fc.nat({ max: 3_000 }),
      backMs: fc.nat({ max: 3_000 }),
    }),
    { minLength: callers, maxLength: callers },
  ),
});

describe('fifty callers in any order', () => {
  it('never make more calls than are left, once the provider has told how many', () => {
    fc.assert(
      fc.property(aRun, (run) => {
        expect(play(run)).toEqual({ made: callers, refused: 0 });
      }),
      { numRuns: 300 },
    );
  });
});

type Run = typeof aRun extends fc.Arbitrary<infer T> ? T : never;

/** Plays the run against a provider with fixed windows, in simulated time. The first call alone learns the limit. */
function play({ limit, windowMs, tellsLimit, wholeSeconds, callers: given }: Run) {
  let state: LimitState = unlimited(1);
  let open = 0;
  let made = -1;
  let refused = 0;
  const counted = new Map<number, number>();
  const events: { atMs: number; run: (atMs: number) => void }[] = [];
  const at = (atMs: number, run: (atMs: number) => void) => {
    const index = events.findIndex((event) => event.atMs > atMs);
    events.splice(index < 0 ? events.length : index, 0, { atMs, run });
  };

  const askProvider = (atMs: number): RateLimits => {
    const window = Math.floor(atMs / windowMs);
    const count = (counted.get(window) ?? 0) + 1;
    counted.set(window, count);
    if (count > limit) refused += 1;
    const exactMs = (window + 1) * windowMs - atMs;
    const resetInMs = wholeSeconds ? Math.ceil(exactMs / 1_000) * 1_000 : exactMs;
    return { requests: { left: Math.max(limit - count, 0), ...(tellsLimit ? { limit } : {}), resetInMs } };
  };

  const call = (caller: Run['callers'][number]) => (atMs: number) => {
    const result = takeCall(state, atMs, costing(1), { requests: open, tokens: 0 }, false);
    if (result.kind === 'limited') {
      at(Math.max(result.untilMs, atMs + 1), call(caller));
      return;
    }
    state = result.state;
    open += 1;
    made += 1;
    at(atMs + caller.toProviderMs, (seenMs) => {
      const told = askProvider(seenMs);
      at(seenMs + caller.backMs, (endMs) => {
        open -= 1;
        const answer = { nowMs: endMs, startedAtMs: atMs, open: { requests: open, tokens: 0 } };
        state = toldLimits(state, told, answer, costing(1));
      });
    });
  };

  call({ beginsMs: 0, toProviderMs: 5, backMs: 5 })(0);
  for (const caller of given) at(20 + caller.beginsMs, call(caller));
  for (let steps = 0; events.length > 0 && steps < 100_000; steps += 1) {
    const next = events.shift();
    next?.run(next.atMs);
  }
  return { made, refused };
}

function toldOf(told: RateLimits, open: OpenCalls = noneOpen): LimitState {
  return toldLimits(unlimited(1), told, { nowMs, startedAtMs: nowMs - 50, open }, costing(1));
}

const take = (state: LimitState, atMs = nowMs, tokens = 1) =>
  takeCall(state, atMs, costing(tokens), noneOpen, false);

function taken(result: ReturnType<typeof takeCall>): LimitState {
  if (result.kind !== 'taken') throw new Error('the call was refused');
  return result.state;
}
