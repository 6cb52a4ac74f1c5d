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
    find: 'inUse < total && queue.inUse < perTenant',
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
];
