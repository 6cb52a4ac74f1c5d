import { expect, test } from 'vitest';
import { createRecentCauses } from '../../../src/providers/status/recent-causes.ts';

const minuteMs = 60_000;
const refused = { provider: 'embedding', addresses: 'default', cause: 'connection_refused' } as const;
const expired = { provider: 'anthropic', addresses: 'tenants_own', cause: 'expired_certificate' } as const;

/** The recent causes under a clock of the test's own. */
function underClock() {
  const clock = { ms: 1_000 * minuteMs };
  return { clock, recent: createRecentCauses(() => clock.ms) };
}

test('causes are counted by provider and by who chose the address, the newest first', () => {
  const { clock, recent } = underClock();
  recent.record(refused);
  clock.ms += 1_000;
  recent.record(expired);
  recent.record({ ...refused, addresses: 'tenants_own' });
  clock.ms += 1_000;
  recent.record(refused);
  expect(recent.list()).toEqual([
    { ...refused, count: 2, lastAt: new Date(clock.ms) },
    { ...refused, addresses: 'tenants_own', count: 1, lastAt: new Date(clock.ms - 1_000) },
    { ...expired, count: 1, lastAt: new Date(clock.ms - 1_000) },
  ]);
});

test('a cause is forgotten after ten minutes, and counts on from those before', () => {
  const { clock, recent } = underClock();
  recent.record(refused);
  clock.ms += 9 * minuteMs;
  recent.record(refused);
  expect(recent.list()).toMatchObject([{ count: 2 }]);
  clock.ms += minuteMs;
  expect(recent.list()).toMatchObject([{ count: 1 }]);
  clock.ms += 10 * minuteMs;
  expect(recent.list()).toEqual([]);
});
