import { randomUUID } from 'node:crypto';
import type { Cost } from '../../../src/domain/cost.ts';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

/** One tenant's monthly budget, and the calls that it pays; another tenant's call where one is named. */
export function openBudget(test: TestServices, tenant: TestTenant) {
  const { usage } = test.services;
  const within = <T>(work: (tx: Transaction) => Promise<T>, of = tenant) =>
    test.services.database.withTenant(of.id, work);

  const setBudget = async (tokens: number | null) => {
    await test.services.llmConfig.update(tenant.actor, { monthly_token_budget: tokens });
  };

  const reserve = (id: string, maxTokens: number, of: TestTenant, apiKeyId: string | null = null) =>
    within(
      (tx) =>
        usage.begin(tx, of.id, {
          ...{ id, provider: 'embedding', operation: 'embedding', source: 'workflow', model: 'm' },
          ...{ keyVersion: 1, inputs: 1, maxTokens, maxOutputTokens: 0, likelyTokens: () => maxTokens },
          apiKeyId,
        }),
      of,
    );
  /** The id of the call record, or undefined where the budget refuses the call. */
  const begin = async (reservedTokens: number, of = tenant, apiKeyId: string | null = null) => {
    const id = randomUUID();
    return (await reserve(id, reservedTokens, of, apiKeyId)) === 'begun' ? id : undefined;
  };
  /** The answer to a call that lacks budget. */
  const refusal = (reservedTokens: number) => reserve(randomUUID(), reservedTokens, tenant);

  const settle = (id: string, outcome: string, cost: Cost) =>
    within((tx) => usage.finish(tx, tenant.id, { id, outcome, cost, maxTokens: 1_000 }));
  const finish = (id: string, tokens: number, outcome = 'ok') =>
    settle(id, outcome, { kind: 'told', inputTokens: tokens, outputTokens: 0 });
  const cancel = (id: string) => within((tx) => usage.cancel(tx, tenant.id, id));

  const month = async (of = tenant) => {
    const [row] = await test.db.rawAsOwner(
      'select settled_tokens::int as settled, reserved_tokens::int as reserved from monthly_usage where tenant_id = $1',
      [of.id],
    );
    return row ?? { settled: 0, reserved: 0 };
  };

  /** The day of an API key. */
  const day = async (apiKeyId: string) => {
    const [row] = await test.db.rawAsOwner(
      'select settled_tokens::int as settled, reserved_tokens::int as reserved from daily_key_usage where api_key_id = $1',
      [apiKeyId],
    );
    return row ?? { settled: 0, reserved: 0 };
  };

  /** Makes what the calls left behind older, and lets the reconciliation find it. */
  const reconcile = async (age = '1 hour') => {
    await test.db.rawAsOwner(
      `update provider_calls set started_at = started_at - $2::interval, finished_at = finished_at - $2::interval
        where tenant_id = $1`,
      [tenant.id, age],
    );
    return usage.closeAbandoned();
  };

  const ledger = async () => {
    const [row] = await test.db.rawAsOwner(
      `select coalesce(sum(input_tokens + output_tokens), 0)::int as tokens,
              coalesce(sum(input_tokens + output_tokens) filter (where api_key_id is not null), 0)::int as of_keys,
              count(*)::int as calls, (count(*) filter (where estimated))::int as estimated
         from usage_ledger where tenant_id = $1`,
      [tenant.id],
    );
    return row;
  };

  /** The percentages of the budget that the audit log has an entry for. */
  const warnings = async () => {
    const rows = await test.db.rawAsOwner(
      `select details->>'percent' as percent from audit_log where tenant_id = $1 and action = 'llm.budget_reached'
      order by id`,
      [tenant.id],
    );
    return rows.map(({ percent }) => Number(percent));
  };

  return { setBudget, begin, refusal, settle, finish, cancel, month, day, reconcile, ledger, warnings };
}
