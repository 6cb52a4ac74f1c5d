import { test as base, describe, expect, vi } from 'vitest';
import { createLogger } from '../../../src/platform/telemetry/logging.ts';
import { createGate, type Proposals } from '../../../src/proposals/gate.ts';
import { targetOf } from '../../support/targets.ts';

// A proposal has a second for everything, on a clock that a fact moves.
const it = base.extend('gate', { auto: true }, ({}, { onCleanup }) => {
  vi.useFakeTimers();
  onCleanup(() => void vi.useRealTimers());
  const log = createLogger({ level: 'silent', process: 'test' });
  return createGate({ proposals, log, timeoutMs: 1_000 });
});
const text = { title: 'A title', body: 'Some words.' };

describe('a proposal whose call took most of its time', () => {
  it('waits for the mutex for the rest of it, and no longer', async ({ gate }) => {
    const first = gate.assess('tenant', text);
    await vi.advanceTimersByTimeAsync(900);
    expect(await first).toMatchObject({ holdsMutex: true });

    let isAssessed = false;
    const second = gate.assess('tenant', text).finally(() => {
      isAssessed = true;
    });
    await vi.advanceTimersByTimeAsync(999);
    expect(isAssessed).toBe(false);
    await vi.advanceTimersByTimeAsync(2);
    expect(isAssessed).toBe(true);
    expect(await second).toMatchObject({ holdsMutex: false });
  });

  it('has the rest of it left for the comparison', async ({ gate }) => {
    const assessing = gate.assess('tenant', text);
    await vi.advanceTimersByTimeAsync(900);
    const assessment = await assessing;
    if (assessment.kind !== 'embedded') throw new Error(assessment.kind);
    expect(assessment.leftMs()).toBe(100);
    await vi.advanceTimersByTimeAsync(200);
    expect(assessment.leftMs()).toBe(0);
  });
});

/** The provider answers after 900 ms. Nothing is compared or stored. */
const proposals: Proposals = {
  embed: (_tenantId) =>
    new Promise((resolve) =>
      setTimeout(
        () =>
          resolve({
            kind: 'embedded',
            proposal: {
              chunks: [],
              target: targetOf('m'),
              spaceId: undefined,
              known: new Set(),
              bought: new Map(),
            },
          }),
        900,
      ),
    ),
  compare: async () => [],
  compareWords: async () => ({ kind: 'compared', differs: [] }),
  store: async () => undefined,
};
