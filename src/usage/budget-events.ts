import type { Audit } from '../audit/service.ts';
import { serviceActor } from '../domain/actor.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { UsageMetrics } from './metrics.ts';
import type { Settled } from './settlement-store.ts';

/** The share of the monthly budget at which the tenant is warned, before the first call is refused. */
const warnAtPercent = 80;

/** Reports that a budget is nearly or entirely used up. */
export interface BudgetEvents {
  /** After a settlement: appends one audit row if the month has passed the warning share by it. */
  settled(tx: Transaction, tenantId: string, settled: Settled): Promise<void>;
  /** After the first refusal since the budget last admitted a call: appends one audit row. */
  exhausted(tx: Transaction, tenantId: string): Promise<void>;
  /** After the first refusal by the day's budget of an API key: appends one audit row. */
  keyExhausted(tx: Transaction, tenantId: string, apiKeyId: string): Promise<void>;
}

/** Creates the reports of budgets: an audit row for the tenant, a counter for the operator. */
export function createBudgetEvents(deps: {
  readonly audit: Audit;
  readonly metrics: Pick<UsageMetrics, 'budgetReached'>;
}): BudgetEvents {
  const report = async (tx: Transaction, tenantId: string, percent: 80 | 100) => {
    await deps.audit.append(tx, serviceActor(tenantId), {
      action: 'llm.budget_reached',
      subject: { kind: 'budget', id: tenantId },
      details: { percent },
    });
    deps.metrics.budgetReached(percent);
  };

  return {
    async settled(tx, tenantId, { before, after, budget }) {
      if (budget === null) return;
      const threshold = (budget * warnAtPercent) / 100;
      // Settlements of a month wait for each other at its row, so exactly one of them crosses the threshold.
      if (before < threshold && after >= threshold) await report(tx, tenantId, warnAtPercent);
    },
    exhausted: (tx, tenantId) => report(tx, tenantId, 100),
    keyExhausted: (tx, tenantId, apiKeyId) =>
      deps.audit.append(tx, serviceActor(tenantId), {
        action: 'llm.budget_reached',
        subject: { kind: 'api_key', id: apiKeyId },
        details: { percent: 100 },
      }),
  };
}
