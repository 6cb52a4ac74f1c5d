import { setTimeout as delay, setImmediate as settled } from 'node:timers/promises';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createShare, type Release, type Share } from '../../../src/platform/shares/share.ts';
import {
  activityTasksFor,
  createConnectionShares,
  createProviderCallShare,
  createShares,
} from '../../../src/platform/shares/shares.ts';
import { sampleValue } from '../../support/scrape.ts';

const long = 60_000;
const sizes = { name: 's', total: 3, perTenant: 2, maxWaiting: 5, waitMs: long };

/** Takes every slot that the share gives the tenant at once. */
async function fill(share: Share, tenant: string, slots: number): Promise<Release[]> {
  const releases = await Promise.all(Array.from({ length: slots }, () => share.acquire(tenant)));
  return releases.map((release) => {
    if (release === 'busy') throw new Error('it was busy');
    return release;
  });
}

describe('a share', () => {
  it('gives a tenant its slots and no more, and another one what is left', async () => {
    const share = createShare({ ...sizes, waitMs: 0 });
    await fill(share, 'a', 2);
    expect(await share.acquire('a')).toBe('busy');
    expect(await share.acquire('b')).toBeTypeOf('function');
    expect(await share.acquire('b')).toBe('busy');
    expect([share.inUse, share.waiting, share.refused]).toEqual([3, 0, 2]);
  });

  it('lets a request wait for the release of its own tenant', async () => {
    const share = createShare(sizes);
    const [first] = await fill(share, 'a', 2);
    const waiting = share.acquire('a');
    expect([share.inUse, share.waiting]).toEqual([2, 1]);
    first?.();
    expect(await waiting).toBeTypeOf('function');
    expect([share.inUse, share.waiting]).toEqual([2, 0]);
  });

  it('refuses at once whom no queue takes, and after its time who has waited', async () => {
    const share = createShare({ ...sizes, maxWaiting: 1, waitMs: 20 });
    await fill(share, 'a', 2);
    const waiting = share.acquire('a');
    expect(await Promise.race([share.acquire('a'), delay(10, 'waits')])).toBe('busy');
    expect(await waiting).toBe('busy');
    expect([share.waiting, share.refused]).toEqual([0, 2]);
  });

  it('passes over a request that was aborted, and does not count it as refused', async () => {
    const share = createShare(sizes);
    const [first] = await fill(share, 'a', 2);
    const gone = new AbortController();
    const aborted = share.acquire('a', gone.signal);
    const next = share.acquire('a');
    gone.abort();
    expect(await aborted).toBe('busy');
    first?.();
    expect(await next).toBeTypeOf('function');
    expect(await share.acquire('b', gone.signal)).toBe('busy');
    expect([share.inUse, share.refused]).toEqual([2, 0]);
  });

  it('takes a slot back once, however often it is given back', async () => {
    const share = createShare({ ...sizes, waitMs: 0 });
    const [first] = await fill(share, 'a', 2);
    first?.();
    first?.();
    expect(share.inUse).toBe(1);
    await fill(share, 'a', 1);
    expect(await share.acquire('a')).toBe('busy');
  });

  it('serves a tenant that comes late by the second release, however long the queue of another is', async () => {
    const share = createShare({ ...sizes, total: 2, maxWaiting: 1_000 });
    const held = await fill(share, 'a', 2);
    const served: string[] = [];
    const queue = (tenant: string) =>
      share.acquire(tenant).then((release) => {
        served.push(tenant);
        if (release !== 'busy') held.push(release);
      });
    for (let i = 0; i < 1_000; i += 1) void queue('a');
    void queue('b');
    void queue('b');
    for (let i = 0; i < 4; i += 1) {
      held.shift()?.();
      await settled();
    }
    expect(served).toEqual(['a', 'b', 'a', 'b']);
  });
});

describe('a share whose slots cost processor time', () => {
  /** Two slots may be held for long; the credit of one second is used up in a third of a second by five. */
  const busyShare = () => {
    const clock = { ms: 0 };
    const share = createShare(
      { ...sizes, total: 10, perTenant: 5, waitMs: 0, slotTime: { sustained: 2, burstMs: 1_000 } },
      () => clock.ms,
    );
    return { share, clock };
  };

  it('gives a tenant that has held many slots for long its sustained ones only, and another one all of its own', async () => {
    const { share, clock } = busyShare();
    const held = await fill(share, 'a', 5);
    clock.ms += 334;
    for (const release of held) release();
    await fill(share, 'a', 2);
    expect(await share.acquire('a')).toBe('busy');
    await fill(share, 'b', 5);
  });

  it('lets a burst pass that is within the credit', async () => {
    const { share, clock } = busyShare();
    const held = await fill(share, 'a', 5);
    clock.ms += 333;
    for (const release of held) release();
    await fill(share, 'a', 5);
  });

  it('serves its waiting requests one release after the other', async () => {
    const clock = { ms: 0 };
    const share = createShare(
      { ...sizes, total: 10, perTenant: 5, slotTime: { sustained: 1, burstMs: 1_000 } },
      () => clock.ms,
    );
    const held = await fill(share, 'a', 5);
    let served = 0;
    for (let i = 0; i < 3; i += 1)
      void share.acquire('a').then((release) => {
        served += 1;
        if (release !== 'busy') held.push(release);
      });
    clock.ms += 500;
    const servedAfterEach: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      held.shift()?.();
      await settled();
      servedAfterEach.push(served);
    }
    // Four of the five come back before the next is given away.
    expect(servedAfterEach).toEqual([0, 0, 0, 0, 1, 2, 3]);
  });

  it('forgives: a debt is as large as the credit at most, however long the overload was', async () => {
    const { share, clock } = busyShare();
    const held = await fill(share, 'a', 5);
    clock.ms += 3_600_000;
    for (const release of held) release();
    // The debt of a second is earned back by two sustained slots in half a second; then a burst begins.
    clock.ms += 499;
    const [first, second] = await fill(share, 'a', 2);
    expect(await share.acquire('a')).toBe('busy');
    first?.();
    second?.();
    clock.ms += 2;
    await fill(share, 'a', 5);
  });
});

type Step = { readonly tenant: number; readonly does: 'acquire' | 'release' | 'abort' };

const steps = fc.array(
  fc.record<Step>({ tenant: fc.nat(3), does: fc.constantFrom('acquire', 'acquire', 'release', 'abort') }),
  { minLength: 30, maxLength: 80, size: 'max' },
);
const shapes = fc.record({
  total: fc.integer({ min: 1, max: 6 }),
  perTenant: fc.integer({ min: 1, max: 4 }),
});

interface Tenant {
  readonly held: Release[];
  readonly waiting: { readonly abort: AbortController; overtakenBy: Set<number> }[];
}

it('a share keeps to its numbers, loses no wake-up and lets nobody be overtaken twice by the same tenant', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, steps, async ({ total, perTenant }, sequence) => {
      const share = createShare({ name: 's', total, perTenant, maxWaiting: 4, waitMs: long });
      const tenants: Tenant[] = Array.from({ length: 4 }, () => ({ held: [], waiting: [] }));
      let overtakenTwice = false;
      const inUse = () => tenants.reduce((sum, { held }) => sum + held.length, 0);

      /** The tenant was served from its queue: every other first in its queue that could have been was overtaken. */
      const overtake = (by: number) => {
        for (const [other, { held, waiting }] of tenants.entries()) {
          const [first] = waiting;
          if (other === by || first === undefined || held.length >= perTenant) continue;
          overtakenTwice ||= first.overtakenBy.has(by);
          first.overtakenBy.add(by);
        }
      };
      const acquire = async (index: number, tenant: Tenant) => {
        const request = { abort: new AbortController(), overtakenBy: new Set<number>() };
        tenant.waiting.push(request);
        const hadToWait = tenant.waiting.length > 1 || tenant.held.length >= perTenant || inUse() >= total;
        const release = await share.acquire(`t${index}`, request.abort.signal);
        tenant.waiting.splice(tenant.waiting.indexOf(request), 1);
        if (release === 'busy') return;
        tenant.held.push(release);
        if (hadToWait) overtake(index);
        for (const each of tenant.waiting) each.overtakenBy.clear();
      };

      for (const { tenant: index, does } of sequence) {
        const tenant = tenants[index];
        if (tenant === undefined) continue;
        if (does === 'acquire') void acquire(index, tenant);
        else if (does === 'release') tenant.held.shift()?.();
        else tenant.waiting.at(-1)?.abort.abort();
        await settled();
        expect(overtakenTwice).toBe(false);
        expect(share.inUse).toBe(inUse());
        expect(inUse()).toBeLessThanOrEqual(total);
        for (const { held, waiting } of tenants) {
          expect(held.length).toBeLessThanOrEqual(perTenant);
          // Who waits has no free slot: neither of the share nor of its own part.
          if (waiting.length > 0) expect(held.length === perTenant || inUse() === total).toBe(true);
        }
      }
      // Everything given back: everybody who waited is served.
      for (let i = 0; i < 200; i += 1) {
        for (const { held } of tenants) held.shift()?.();
        await settled();
      }
      expect([share.inUse, share.waiting]).toEqual([0, 0]);
      expect(tenants.every(({ waiting }) => waiting.length === 0)).toBe(true);
    }),
    { numRuns: 150 },
  );
}, 120_000);

describe('the shares of a process', () => {
  it.each([1, 2, 3, 4, 5, 10, 20, 100, 500])('divide a pool of %i connections without a rest', (size) => {
    const { tenants, logIns, platform } = createConnectionShares(size);
    expect(tenants.total + logIns.total + platform.total).toBe(Math.max(size, 3));
    expect(Math.min(tenants.total, logIns.total, platform.total)).toBeGreaterThan(0);
  });

  it.each([
    [1, 1],
    [2, 1],
    [8, 3],
    [64, 8],
  ])(
    'leave a tenant with heavy statements, of %i cores of the database, %i connections',
    async (cores, sustained) => {
      const { tenants } = createConnectionShares(20, cores);
      const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
      onTestFinished(() => clock.mockRestore());
      const held = await fill(tenants, 'a', 8);
      clock.mockReturnValue(60_000);
      for (const release of held) release();
      await fill(tenants, 'a', sustained);
      const next = await Promise.race([tenants.acquire('a'), delay(5, 'waits')]);
      expect(next).toBe('waits');
    },
  );

  it.each([
    [20, 8],
    [2, 1],
    [1, 1],
  ])('give one tenant of %i provider calls at most %i', async (total, most) => {
    const share = createProviderCallShare(total);
    await fill(share, 'a', most);
    expect(await share.acquire('a')).toBe('busy');
    if (total > most) expect(await share.acquire('b')).toBeTypeOf('function');
    expect(activityTasksFor(total)).toBeGreaterThan(total + 50);
  });

  it('are shown in the metrics, by no tenant', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const registry = new Registry();
    const { requests } = createShares(registry, { poolSize: 20 });
    await fill(requests, 'tenant-a', 24);
    const waiting = requests.acquire('tenant-a');
    const text = await registry.metrics();
    const of = (name: string) => sampleValue(text, name, { share: 'requests' });
    expect(of('lorekeep_share_in_use')).toBe(24);
    expect(of('lorekeep_share_waiting')).toBe(1);
    expect(of('lorekeep_share_refused_total')).toBe(0);
    expect(text).not.toContain('tenant-a');
    vi.advanceTimersByTime(10_000);
    expect(await waiting).toBe('busy');
    expect(sampleValue(await registry.metrics(), 'lorekeep_share_refused_total', { share: 'requests' })).toBe(
      1,
    );
  });
});
