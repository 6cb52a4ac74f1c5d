import { expect, it } from 'vitest';
import { renewalOf } from '../../../src/domain/budget-period.ts';

it.for([
  ['day', '2026-03-09T10:00:00Z', '2026-03-10T00:00:00.000Z'],
  ['month', '2026-03-09T10:00:00Z', '2026-04-01T00:00:00.000Z'],
  ['day', '2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00.000Z'],
  ['month', '2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00.000Z'],
  ['month', '2026-01-31T00:00:00Z', '2026-02-01T00:00:00.000Z'],
  ['day', '2026-03-10T00:00:00Z', '2026-03-11T00:00:00.000Z'],
] as const)('a budget of a %s that is exhausted at %s begins anew at %s', ([period, now, renewal]) => {
  expect(renewalOf(period, new Date(now)).toISOString()).toBe(renewal);
});
