import type { PlantedFault } from './planted-fault.ts';

const pacing = ['test/unit/providers/limits/pacing.test.ts'];
const windows = ['test/unit/providers/limits/window.test.ts'];
const pauses = ['test/unit/providers/limits/pause.test.ts'];
const headers = ['test/unit/providers/read-rate-headers.test.ts'];
const calls = ['test/integration/providers/limits.test.ts'];
const articles = ['test/integration/embedding/paced-articles.test.ts'];

/** Faults in the pacing of a tenant's calls, and in the pauses of its key. */
export const pacingFaults: readonly PlantedFault[] = [
  {
    file: 'src/providers/limits/window.ts',
    find: 'left: told.left - underWay',
    replace: 'left: told.left',
    why: 'an answer forgets the calls that are under way',
    tests: pacing,
  },
  {
    file: 'src/providers/limits/window.ts',
    find: 'Math.min(known.left, told.left)',
    replace: 'told.left',
    why: 'an answer that another has overtaken is believed',
    tests: pacing,
  },
  {
    file: 'src/providers/limits/window.ts',
    find: 'over.limit - underWay',
    replace: 'over.limit',
    why: 'after a reset the calls under way are forgotten',
    tests: pacing,
  },
  {
    file: 'src/providers/limits/window.ts',
    find: 'startedAtMs < known.sinceMs',
    replace: 'startedAtMs < 0',
    why: 'an answer about the window before empties the new one',
    tests: windows,
  },
  {
    file: 'src/providers/limits/window.ts',
    find: 'Math.min(cost, window.limit)',
    replace: 'cost',
    why: 'a call that costs more than the whole limit waits for ever',
    tests: pacing,
  },
  {
    file: 'src/providers/limits/pause.ts',
    find: 'const isCurrent = state.epoch === epoch;',
    replace: 'const isCurrent = true;',
    why: 'each of the calls that were refused together makes the pause longer',
    tests: pauses,
  },
  {
    file: 'src/providers/limits/pause.ts',
    find: 'return { by, untilMs: Math.min(probeUntilMs, nowMs + probeRetryMs) };',
    replace: 'return undefined;',
    why: 'after a pause all callers try at once',
    tests: [...pauses, ...calls],
  },
  {
    file: 'src/providers/limits/limit-now.ts',
    find: 'if (state?.keyVersion !== keyVersion) return undefined;',
    replace: 'if (state === undefined) return undefined;',
    why: 'the pause of the old key refuses the new one',
    tests: calls,
  },
  {
    file: 'src/providers/begin-call.ts',
    find: "if (limit !== undefined) return { kind: 'failed', ...failureOf(limit) };",
    replace: '',
    why: 'a paused key is found out after the budget, the breaker and the claim',
    tests: calls,
  },
  {
    file: 'src/providers/wire/read-rate-headers.ts',
    find: 'Math.min(Math.max(Math.ceil(resetInMs) || 0, 0), maxResetMs)',
    replace: 'Math.max(Math.ceil(resetInMs) || 0, 0)',
    why: 'a limit of a day is waited for all day',
    tests: headers,
  },
  {
    file: 'src/embedding/backlog/quota-articles.ts',
    find: 'isProbe ? 1 : maxArticles',
    replace: 'maxArticles',
    why: 'after a quota’s pause all articles try at once',
    tests: articles,
  },
  {
    file: 'workflows/retries.ts',
    find: ' && called !== false',
    replace: '',
    why: 'waits for a limit count as tries of the article',
    tests: ['test/workflows/embed-article.test.ts'],
  },
];
