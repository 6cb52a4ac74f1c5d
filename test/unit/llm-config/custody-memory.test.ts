import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Registry } from 'prom-client';
import { test as base, describe, expect, vi } from 'vitest';
import { createKeyCustody } from '../../../src/llm-config/custody.ts';
import { createLlmConfigMetrics } from '../../../src/llm-config/metrics.ts';

const metrics = createLlmConfigMetrics(new Registry());

// The memory of a custody as a process has it, on a clock that a fact sets.
const it = base.extend('clock', { auto: true }, ({}, { onCleanup }) => {
  const clock = { nowMs: 5_000 };
  vi.spyOn(performance, 'now').mockImplementation(() => clock.nowMs);
  onCleanup(() => void vi.restoreAllMocks());
  return clock;
});

describe('an opened key', () => {
  it('stays in memory for a minute and no longer', async ({ clock }) => {
    const custody = countingCustody();
    await custody.open('c1');
    clock.nowMs += 59_000;
    await custody.open('c1');
    expect(custody.asked()).toBe(1);
    clock.nowMs += 1_001;
    await custody.open('c1');
    expect(custody.asked()).toBe(2);
  });

  it('leaves the memory when its time is over, although nobody asks for it', async ({ clock }) => {
    const custody = countingCustody(5);
    const opened = new WeakRef(await custody.open('c1'));
    clock.nowMs += 20;
    await new Promise((resolve) => setTimeout(resolve, 20));
    collectGarbage();
    expect(opened.deref()).toBeUndefined();
    // Used after the collection, so that it is the cache and not its end that decides.
    await custody.open('c2');
  });

  it('makes room for others beyond five hundred', async () => {
    const custody = countingCustody();
    for (let key = 0; key <= 500; key += 1) await custody.open(`c${key}`);
    await custody.open('c1');
    expect(custody.asked()).toBe(501);
    await custody.open('c0');
    expect(custody.asked()).toBe(502);
  });
});

/** The custody of one tenant's keys, with its own defaults; it counts how often Vault is asked. */
function countingCustody(ttlMs?: number) {
  let asked = 0;
  const custody = createKeyCustody({
    metrics,
    transit: {
      encrypt: async () => ({ kind: 'failed', code: 'vault_unavailable' }),
      decrypt: async (_context, ciphertext) => {
        asked += 1;
        return { kind: 'ok', plaintext: `opened ${ciphertext}` };
      },
    },
    ...(ttlMs === undefined ? {} : { ttlMs }),
  });
  return {
    open: (ciphertext: string) =>
      custody.open({ tenantId: 't1', provider: 'embedding', origin: 'https://a' }, ciphertext),
    asked: () => asked,
  };
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}
