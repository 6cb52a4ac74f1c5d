import type { PlantedFault } from './planted-fault.ts';

const limits = ['test/unit/http/rate-limits.test.ts'];
const app = ['test/unit/http/app.test.ts', 'test/unit/http/shares.test.ts'];
const share = ['test/unit/platform/share.test.ts'];

/** Faults in the limits of requests and the shares of tenants. */
export const limitsFaults: readonly PlantedFault[] = [
  {
    file: 'src/http/rate-limits.ts',
    find: 'consume(ofKeys, keyId)',
    replace: 'consume(ofKeys, tenantId)',
    why: 'counted by tenant instead of by key',
    tests: limits,
  },
  {
    file: 'src/http/rate-limits.ts',
    find: 'consume(ofTenants, tenantId)',
    replace: 'consume(ofTenants, keyId)',
    why: 'another key is another limit: the tenant has none',
    tests: [...app, ...limits],
  },
  {
    file: 'src/http/rate-limits.ts',
    find: 'requestsPerMinute * fleetsOfTenant',
    replace: 'requestsPerMinute',
    why: 'one busy key uses up the limit of the whole tenant',
    tests: limits,
  },
  {
    file: 'src/http/rate-limits.ts',
    find: 'consume(refusals, address)',
    replace: "consume(refusals, 'all')",
    why: 'one address that guesses keys blocks the guesses of all',
    tests: [...app, ...limits],
  },
  {
    file: 'src/http/rate-limits.ts',
    find: 'if (!allowed) await delay(guessPauseMs);',
    replace: '',
    why: 'a refused guess is followed by the next at once',
    tests: limits,
  },
  {
    file: 'src/platform/shares/share.ts',
    find: 'inUse < total && queue.inUse < limitOf(tenant)',
    replace: 'inUse < total',
    why: 'one tenant takes all slots',
    tests: share,
  },
  {
    file: 'src/platform/shares/share.ts',
    find: 'order.delete(tenant);\n      order.add(tenant);',
    replace: '',
    why: 'one tenant’s queue is served to its end before the next',
    tests: share,
  },
  {
    file: 'src/platform/shares/share.ts',
    find: 'if (released) return;',
    replace: '',
    why: 'a slot given back twice is two slots',
    tests: share,
  },
  {
    file: 'src/http/stranger-pace.ts',
    find: "limiter.consume(request.ip ?? 'unknown')",
    replace: "limiter.consume('all')",
    why: 'one stranger slows down all of them',
    tests: ['test/unit/http/stranger-pace.test.ts'],
  },
  {
    file: 'src/http/stranger-pace.ts',
    find: '    await delay(pauseMs);\n',
    replace: '',
    why: 'a refused stranger comes again at once',
    tests: ['test/unit/http/stranger-pace.test.ts'],
  },
  {
    file: 'src/platform/shares/share.ts',
    find: 'Math.min(perTenant, slotTime.sustained)',
    replace: 'perTenant',
    why: 'a tenant with heavy statements keeps all of its connections',
    tests: share,
  },
  {
    file: 'src/platform/shares/slot-time.ts',
    find: 'Math.max(-burstMs, account.creditMs + changeMs)',
    replace: 'account.creditMs + changeMs',
    why: 'the debt of an overload grows without a bound',
    tests: share,
  },
];
