import type { PlantedFault } from './planted-fault.ts';

const atOnce = ['test/integration/providers/begin-at-once.test.ts'];
const guard = ['test/integration/providers/guard.test.ts'];
const together = ['test/integration/providers/guard-and-budget.test.ts'];
const queries = ['test/integration/search/query-embedding.test.ts'];

/** Faults in the guarded path to the providers. */
export const guardFaults: readonly PlantedFault[] = [
  {
    file: 'src/providers/begin-call.ts',
    find: "        if (reserved !== 'begun') {\n",
    replace:
      "        if (reserved !== 'begun') {\n if (reserved !== 'budget_reserved') await breaker.acquire(tx, breakerOf(request, stored), callerOf[request.source], probeLeaseMs(request, backgroundTimeoutMs(operation)));\n",
    why: 'the breaker is asked before the budget: a refusal by a spent budget keeps the probe',
    tests: together,
  },
  {
    file: 'src/providers/begin-call.ts',
    find: '          await request.claim?.release(tx, callId);\n',
    replace:
      "          await request.claim?.release(tx, callId);\n if (reserved === 'budget_reserved') await breaker.acquire(tx, breakerOf(request, stored), callerOf[request.source], probeLeaseMs(request, backgroundTimeoutMs(operation)));\n",
    why: 'the breaker is asked before the budget: a refusal by a reserved budget keeps the probe',
    tests: together,
  },
  {
    file: 'src/providers/attempt-time.ts',
    find: '.timeoutMs + startToCloseMs - background.maxMs;',
    replace: '.timeoutMs;',
    why: 'the lease of a probe without its margin for Vault and the transactions',
    tests: together,
  },
  {
    file: 'src/providers/begin-call.ts',
    find: "throw new Refused({ kind: 'failed', code: 'circuit_open', retryAfterMs: acquired.retryInMs });",
    replace: "return { kind: 'failed', code: 'circuit_open', retryAfterMs: acquired.retryInMs };",
    why: 'a call that the breaker refuses keeps its record and its reservation',
    tests: [...guard, ...together],
  },
  {
    file: 'src/providers/make-call.ts',
    find: "await breaker.report(tx, breakerId, permit, { kind: 'not_made' });",
    replace: '',
    why: 'without Vault the probe is kept',
    tests: guard,
  },
  {
    file: 'src/providers/make-call.ts',
    find: '        await usage.cancel(tx, tenantId, callId);\n',
    replace: '',
    why: 'without Vault the reservation is kept',
    tests: [...guard, ...together],
  },
  {
    file: 'src/providers/verdict-on.ts',
    find: "answer.code === 'internal' || answer.code === 'address_forbidden'",
    replace: "answer.code === 'address_forbidden'",
    why: 'an error of ours closes the breaker',
    tests: guard,
  },
  {
    file: 'src/providers/make-call.ts',
    find: 'entered: true,',
    replace: "entered: request.source === 'search',",
    why: 'calls of the gate and of trials are in no ledger',
    tests: together,
  },
  {
    file: 'src/providers/retry-persist.ts',
    find: 'const retryPersistAfterMs = [200, 1_000, 3_000];',
    replace: 'const retryPersistAfterMs: readonly number[] = [];',
    why: 'a paid result is lost when storing fails for a moment',
    tests: guard,
  },
  {
    file: 'src/providers/admission.ts',
    find: 'keyVersion === key.version ? [retryInMs] : []',
    replace: '[retryInMs]',
    why: 'the breaker of the old key refuses the new one',
    tests: queries,
  },
  {
    file: 'src/providers/begin-call.ts',
    find: 'const reservedRetryMs = 15_000;',
    replace: 'const reservedRetryMs = 0;',
    why: 'a call that waits for the budget asks again without a pause',
    tests: [...queries, ...together],
  },
  {
    file: 'src/providers/begin-call.ts',
    find: 'atCurrentAddress(request.target, stored.target);',
    replace: 'stored.target;',
    why: 'a search is embedded by the new model while the old space serves',
    tests: together,
  },
  {
    file: 'src/usage/settlement-store.ts',
    find: 'told.inputTokens + told.outputTokens',
    replace: 'told.inputTokens',
    why: 'the tokens of answers cost no budget',
    tests: together,
  },
  {
    file: 'src/providers/attempt-time.ts',
    find: 'Math.max(call.timeoutMs, backgroundTimeoutMs)',
    replace: 'call.timeoutMs',
    why: 'a probe that a person makes gets no more time than the person has',
    tests: [...guard, 'test/integration/providers/slow-for-persons.test.ts'],
  },
  {
    file: 'src/providers/make-call.ts',
    find: 'const cost = believed(answer.cost, bound);',
    replace: 'const { cost } = answer;',
    why: 'any usage that a provider tells is believed',
    tests: ['test/integration/usage/paid-calls.test.ts'],
  },
  {
    file: 'src/providers/make-call.ts',
    find: 'entered: true,',
    replace: "entered: answer.kind === 'ok',",
    why: 'a failed search that was paid is not in the ledger',
    tests: ['test/integration/usage/paid-calls.test.ts', ...together],
  },
  {
    file: 'src/domain/cost.ts',
    find: 'if (!sent) return',
    replace: 'if (sent) return',
    why: 'a call that was never sent is paid, and one that was sent is free',
    tests: ['test/integration/providers/cost.test.ts'],
  },
  {
    file: 'src/usage/calm-read-model.ts',
    find: "and k.xmin::text || '/' || coalesce(s.xmin::text, '') = :revision::text)",
    replace: 'and :revision::text is not null)',
    why: 'a key that was removed goes on paying, and so does a budget of nothing',
    tests: atOnce,
  },
  {
    file: 'src/usage/calm-read-model.ts',
    find: 'and open_until is not null)',
    replace: 'and false)',
    why: 'a call that begins at once goes through an open breaker',
    tests: atOnce,
  },
  {
    file: 'src/usage/calm-read-model.ts',
    find: ' or paused_until is not null))`',
    replace: '))`',
    why: 'a call that begins at once ignores the pause of its key',
    tests: atOnce,
  },
  {
    file: 'src/providers/begin-at-once.ts',
    find: ' || stored.monthlyTokenBudget === null;',
    replace: ' || true;',
    why: 'what the month refuses stays reserved on the day of the API key',
    tests: atOnce,
  },
  {
    file: 'src/providers/make-call.ts',
    find: "status === 'verified' && monthlyTokenBudget === null",
    replace: 'status !== undefined && monthlyTokenBudget === null',
    why: 'a key that works stays unverified',
    tests: guard,
  },
  {
    file: 'src/providers/make-call.ts',
    find: "return { kind: 'failed', code: 'internal', cost: answer.cost };",
    replace: "return { kind: 'failed', code: 'internal', cost: { kind: 'free' } };",
    why: 'an answer that is paid for costs nothing where the work on it fails',
    tests: guard,
  },
];
