import type { Audit } from '../audit/service.ts';
import { serviceActor } from '../domain/actor.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { Settled } from './call-store.ts';
import type { UsageMetrics } from './metrics.ts';

/** Of the monthly budget: at which share the tenant is told, before the last call is refused. */
const warnAtPercent = 80;

export interface BudgetEvents {
  /** After a settlement: one audit row when it took the month past the warning's share. */
  settled(tx: Transaction, tenantId: string, settled: Settled): Promise<void>;
  /** After the first refusal since the budget last let a call through. */
  exhausted(tx: Transaction, tenantId: string): Promise<void>;
}

/** Tells the tenant, in its audit log, how its monthly budget is doing; and the operator, by a count. */
export function createBudgetEvents(deps: {
  readonly audit: Audit;
  readonly metrics: Pick<UsageMetrics, 'budgetReached'>;
}): BudgetEvents {
  const tell = async (tx: Transaction, tenantId: string, percent: 80 | 100) => {
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
      // Settlements of a month stand in line at its row: exactly one of them crosses.
      if (before < threshold && after >= threshold) await tell(tx, tenantId, warnAtPercent);
    },
    exhausted: (tx, tenantId) => tell(tx, tenantId, 100),
  };
}
