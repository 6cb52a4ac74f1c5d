import type { PlantedFault } from './planted-fault.ts';

const budget = ['test/integration/usage/budget.test.ts'];
const bounds = ['test/integration/usage/budget-bounds.test.ts'];
const small = ['test/api/tenants/small-budgets.test.ts'];

/** Faults in the monthly budget and in what is reported of it. */
export const budgetFaults: readonly PlantedFault[] = [
  {
    file: 'src/usage/call-store.ts',
    find: 'u.settled_tokens + u.reserved_tokens + excluded.reserved_tokens <= month_tokens',
    replace: 'u.settled_tokens + u.reserved_tokens + excluded.reserved_tokens < month_tokens',
    why: 'a call that fits exactly is refused',
    tests: bounds,
  },
  {
    file: 'src/usage/call-store.ts',
    find: 'u.settled_tokens + u.reserved_tokens + excluded.reserved_tokens <= month_tokens',
    replace: 'u.settled_tokens + excluded.reserved_tokens <= month_tokens',
    why: 'what calls under way hold back does not count',
    tests: budget,
  },
  {
    file: 'src/usage/call-store.ts',
    find: '(month_tokens is null or :tokens::bigint <= month_tokens)\n        and ',
    replace: '',
    why: 'the first call of a month may exceed the budget',
    tests: budget,
  },
  {
    file: 'src/usage/budget-store.ts',
    find: `+ :tokens::bigint <= \${budgetSql}`,
    replace: `+ :tokens::bigint < \${budgetSql}`,
    why: 'a call that will fit exactly fails instead of waiting',
    tests: bounds,
  },
  {
    file: 'src/usage/budget-store.ts',
    find: 'settled_tokens >= :budget::bigint',
    replace: 'settled_tokens > :budget::bigint',
    why: 'a budget that is used up to the last token is not spent',
    tests: bounds,
  },
  {
    file: 'src/usage/budget-store.ts',
    find: ' where u.exhausted_at is null\n',
    replace: '\n',
    why: 'each refusal is reported',
    tests: budget,
  },
  {
    file: 'src/usage/budget-events.ts',
    find: 'before < threshold && after >= threshold',
    replace: 'after >= threshold',
    why: 'each settlement above the warning share is reported',
    tests: budget,
  },
  {
    file: 'src/usage/budget-events.ts',
    find: 'before < threshold && after >= threshold',
    replace: 'before < threshold && after > threshold',
    why: 'exactly the warning share is not reported',
    tests: bounds,
  },
  {
    file: 'src/usage/service.ts',
    find: 'const abandonedAfterMs = 5 * 60_000;',
    replace: 'const abandonedAfterMs = 20_000;',
    why: 'a call that is still under way is taken for abandoned',
    tests: bounds,
  },
  {
    file: 'src/usage/abandoned-call-store.ts',
    find: 'settled_tokens = u.settled_tokens + sums.tokens',
    replace: 'settled_tokens = u.settled_tokens',
    why: 'a call that a crash left open costs nothing',
    tests: budget,
  },
  {
    file: 'src/usage/blocked-store.ts',
    find: 'case when due then b.unreported + excluded.reported else',
    replace: 'case when due then excluded.reported else',
    why: 'skips since the last report are not in the next one',
    tests: ['test/integration/usage/blocked-operations.test.ts'],
  },
  {
    file: 'src/embedding/buy-what-fits.ts',
    find: 'return refused && divisible ?',
    replace: 'return refused && batch.length > 8 ?',
    why: 'a batch that has no room is not made smaller',
    tests: small,
  },
  {
    file: 'src/usage/service.ts',
    find: 'if (call.divisible === true) return exhausted;',
    replace: '',
    why: 'a batch that is made smaller reports an exhausted budget',
    tests: small,
  },
  {
    file: 'src/embedding/status-store.ts',
    find: "status: 'pending',\n      api_key_id: apiKeyId,\n      reason: null,\n      next_attempt_at: null,\n      updated_at: tx.raw('clock_timestamp()'),\n    });\n}\n\n/**\n * Locks",
    replace:
      "status: 'pending',\n      reason: null,\n      next_attempt_at: null,\n      updated_at: tx.raw('clock_timestamp()'),\n    });\n}\n\n/**\n * Locks",
    why: 'the key of the author pays for a retry of another key',
    tests: small,
  },
  {
    file: 'src/usage/budget-read-model.ts',
    find: 'and revoked_at is null',
    replace: '',
    why: 'the budget of a revoked key refuses for ever',
    tests: small,
  },
  {
    file: 'src/usage/budget-read-model.ts',
    find: 'and (expires_at is null or expires_at > now())',
    replace: '',
    why: 'the budget of an expired key refuses for ever',
    tests: small,
  },
  {
    file: 'src/tenants/service.ts',
    find: 'await deps.onBudgetChanged?.(tx, tenantId, keyId);',
    replace: '',
    why: 'a revoked key leaves its articles blocked',
    tests: small,
  },
  {
    file: 'src/embedding/embed-article.ts',
    find: '...(renewsAt === undefined ? {} : { renewsAt }),',
    replace: '',
    why: 'an article that a budget has blocked does not say until when',
    tests: small,
  },
  {
    file: 'src/domain/retry-time.ts',
    find: '(renewsAt ?? null)',
    replace: 'null',
    why: 'a search that a budget refuses does not say until when',
    tests: small,
  },
  {
    file: 'src/embedding/buy-what-fits.ts',
    find: ' && bought.retryAfterMs === undefined',
    replace: '',
    why: 'a batch is made smaller for a budget that is only reserved',
    tests: ['test/unit/embedding/buy-what-fits.test.ts'],
  },
  {
    file: 'src/providers/begin-call.ts',
    find: "reserved === 'day_exhausted' ? 'day' : 'month'",
    replace: "reserved === 'day_exhausted' ? 'month' : 'day'",
    why: 'a search names the end of the wrong budget',
    tests: small,
  },
  {
    file: 'src/embedding/backlog/parked-read-model.ts',
    find: "row.month_open ? 'day' : 'month'",
    replace: "row.month_open ? 'month' : 'day'",
    why: 'an article names the end of the wrong budget',
    tests: small,
  },
];
