import type { ModelOutcome } from './expected.ts';
import type { ModelTenant, ModelWorld } from './run-model-fault.ts';

/**
 * The tenant's money at rest: nothing is held back, no record is open, every token that the provider has told is in the ledger once,
 * and the month's sum is the ledger.
 */
export async function readBooks(
  { service, owner }: Pick<ModelWorld, 'service' | 'owner'>,
  { tenant, key }: ModelTenant,
): Promise<Pick<ModelOutcome, 'ledger' | 'breaker' | 'books'>> {
  const { rows } = await owner.query<Record<'reserved' | 'settled' | 'open' | 'ok' | 'told' | 'sum', number>>(
    `select coalesce((select sum(reserved_tokens) from monthly_usage where tenant_id = $1), 0)::int as reserved,
            coalesce((select sum(settled_tokens) from monthly_usage where tenant_id = $1), 0)::int as settled,
            (select count(*)::int from provider_calls where tenant_id = $1 and finished_at is null) as open,
            count(*) filter (where c.outcome = 'ok')::int as ok,
            coalesce(sum(l.input_tokens + l.output_tokens) filter (where not c.estimated), 0)::int as told,
            coalesce(sum(l.input_tokens + l.output_tokens), 0)::int as sum
       from usage_ledger l join provider_calls c on c.tenant_id = l.tenant_id and c.id = l.call_id
      where l.tenant_id = $1`,
    [tenant.id],
  );
  const [books] = rows;
  const billed = service.twin.callsOf(key).filter((call) => call.billed);
  const expected = {
    ...{ reserved: 0, open: 0, settled: books?.sum ?? 0 },
    told: billed.reduce((sum, { tokens }) => sum + tokens, 0),
  };
  const wrong = (['reserved', 'open', 'settled', 'told'] as const).filter(
    (name) => books?.[name] !== expected[name],
  );
  const { data } = await service.call(tenant.keys.orchestrator, 'GET', '/tenants/me/providers');
  return {
    ledger: books?.ok ?? -1,
    breaker: `${data.anthropic.state} ${data.anthropic.failures}`,
    books:
      wrong.length === 0
        ? 'balanced'
        : wrong.map((name) => `${name} ${books?.[name]} for ${expected[name]}`).join(', '),
  };
}
