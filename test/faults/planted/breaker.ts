import type { PlantedFault } from './planted-fault.ts';

const breaker = ['test/integration/providers/breaker.test.ts'];
const recovery = ['test/integration/providers/breaker-recovery.test.ts'];
const file = 'src/providers/breaker/breaker-store.ts';

/** Faults in the breaker of a tenant and a provider. */
export const breakerFaults: readonly PlantedFault[] = [
  {
    file,
    find: "set epoch = epoch + 1, failed_at = '{}',",
    replace: "set failed_at = '{}',",
    why: 'closing does not raise the epoch: a probe under way reopens a breaker that was reset by hand',
    tests: recovery,
  },
  {
    file,
    find: ' opened_times = 0,',
    replace: '',
    why: 'closing does not reset the doubling of the open time',
    tests: recovery,
  },
  {
    file,
    find: "failed_at = '{}', opened_times",
    replace: 'opened_times',
    why: 'closing keeps the failures from before',
    tests: recovery,
  },
  {
    file,
    find: 'set epoch = epoch + 1, probe_until = null',
    replace: 'set probe_until = null',
    why: 'a released probe still decides',
    tests: recovery,
  },
  {
    file,
    find: 'set epoch = epoch + 1, probe_until = clock_timestamp()',
    replace: 'set probe_until = clock_timestamp()',
    why: 'a probe whose lease has gone to another still decides',
    tests: breaker,
  },
  {
    file,
    find: '(b.key_version = excluded.key_version and b.epoch = :epoch::bigint',
    replace: '(b.key_version = excluded.key_version',
    why: 'failures of calls from before count after the breaker has moved on',
    tests: recovery,
  },
  {
    file,
    find: 'where b.key_version < excluded.key_version',
    replace: 'where b.key_version <> excluded.key_version',
    why: 'a late failure of the old key counts for the new one',
    tests: breaker,
  },
  {
    file,
    find: 'where f > i.now - i.span',
    replace: 'where true',
    why: 'a failure never leaves the window',
    tests: breaker,
  },
  {
    file,
    find: '), :maxOpenMs::float8)',
    replace: "), 'infinity'::float8)",
    why: 'the doubling has no bound',
    tests: breaker,
  },
  {
    file: 'src/providers/breaker/breaker.ts',
    find: 'Math.max(row.openForMs, row.probeForMs ?? 0, 0)',
    replace: 'Math.max(row.openForMs, 0)',
    why: 'a probe that another holds is offered',
    tests: [...breaker, 'test/integration/search/query-embedding.test.ts'],
  },
  {
    file: 'src/providers/breaker/verdict.ts',
    find: "? caller === 'interactive' || tooLateForPersons",
    replace: '? true',
    why: 'what is too slow for a person opens the breaker of the workflow',
    tests: breaker,
  },
  {
    file: 'src/providers/breaker/permit.ts',
    find: "interactive: ['background', 'interactive'],",
    replace: "interactive: ['interactive'],",
    why: 'a person is not spared a provider that fails for workflows',
    tests: breaker,
  },
  {
    file: 'src/providers/breaker/breaker.ts',
    find: 'await releaseProbes(tx, id, held);',
    replace: '',
    why: 'a caller that gets one of two probes keeps it unused',
    tests: recovery,
  },
];
