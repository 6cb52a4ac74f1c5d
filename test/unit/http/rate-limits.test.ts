import { it as base, describe, expect, vi } from 'vitest';
import { createRateLimits } from '../../../src/http/rate-limits.ts';

const it = base.extend('limits', ({}) => createRateLimits({ requestsPerMinute: 2, refusedKeysPerMinute: 1 }));

describe('the limit of a key', () => {
  it('counts each key of a tenant alone', async ({ limits }) => {
    expect(await ask(limits, 'tenant', 'a', 3)).toEqual([undefined, undefined, 'This API key makes']);
    expect(await ask(limits, 'tenant', 'b', 3)).toEqual([undefined, undefined, 'This API key makes']);
  });

  it('counts the keys of two tenants alone', async ({ limits }) => {
    await ask(limits, 'tenant', 'a', 3);
    expect(await ask(limits, 'another', 'z', 2)).toEqual([undefined, undefined]);
  });
});

describe('the limit of a tenant', () => {
  it('is three times that of a key, over all of its keys', async ({ limits }) => {
    for (const key of ['a', 'b', 'c']) {
      expect(await ask(limits, 'tenant', key, 2)).toEqual([undefined, undefined]);
    }
    expect(await ask(limits, 'tenant', 'd', 1)).toEqual(['This tenant makes']);
    expect(await ask(limits, 'another', 'z', 1)).toEqual([undefined]);
  });

  it('is not used up by what a key is refused', async ({ limits }) => {
    await ask(limits, 'tenant', 'a', 20);
    expect(await ask(limits, 'tenant', 'b', 2)).toEqual([undefined, undefined]);
  });
});

describe('refused keys', () => {
  it('are counted by address, and a refused guess is answered after a second', async ({ limits }) => {
    vi.useFakeTimers();
    try {
      expect(await limits.refusedKey('10.0.0.1')).toBeUndefined();
      let isAnswered = false;
      const second = limits.refusedKey('10.0.0.1').finally(() => {
        isAnswered = true;
      });
      expect(await limits.refusedKey('10.0.0.2')).toBeUndefined();
      await vi.advanceTimersByTimeAsync(999);
      expect(isAnswered).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect((await second)?.code).toBe('rate_limited');
    } finally {
      vi.useRealTimers();
    }
  });
});

/** Makes requests, and tells whom each of them was too much for. */
async function ask(
  limits: ReturnType<typeof createRateLimits>,
  tenantId: string,
  keyId: string,
  times: number,
): Promise<(string | undefined)[]> {
  const refusedFor: (string | undefined)[] = [];
  for (let time = 0; time < times; time += 1) {
    const { problem } = await limits.request(tenantId, keyId);
    refusedFor.push(problem?.detail?.split(' too many')[0]);
  }
  return refusedFor;
}
