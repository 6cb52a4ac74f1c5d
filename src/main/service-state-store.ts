import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';
import type { ServiceState } from '../platform/telemetry/state-gauges.ts';

const count = z.number();
const stateSchema = z.object({
  breakers: z.array(z.object({ provider: z.string(), state: z.string(), count })),
  articles: z.array(z.object({ status: z.string(), reason: z.string().nullable(), count })),
  outbox: z.object({ rows: count, oldestSeconds: count }),
  calls: z.object({ missingFromLedger: count, open: count, unknown: count }),
});

/** A state that takes longer to count than this costs the service more than it tells. */
const statementTimeoutMs = 2_000;

/**
 * Counts the state of all tenants, for the metrics' scope. The calls are the last day's, found by index; `now()` and not
 * the clock, which as a volatile function no index can be asked with.
 */
export async function readServiceState(tx: Transaction): Promise<ServiceState> {
  await tx.raw(`set local statement_timeout = ${statementTimeoutMs}`);
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select
       (select coalesce(json_agg(b), '[]') from (
          select provider, count(*),
                 case when open_until is null then 'closed' when open_until > now() then 'open' else 'half_open' end as state
            from breakers group by 1, 3) b) as breakers,
       (select coalesce(json_agg(a), '[]') from (
          select status, case when status in ('blocked', 'failed') then reason end as reason, count(*)
            from article_embeddings group by 1, 2) a) as articles,
       (select json_build_object(
                 'rows', count(*), 'oldestSeconds', coalesce(extract(epoch from now() - min(created_at)), 0))
          from outbox) as outbox,
       json_build_object(
         'missingFromLedger', (
           select count(*) from provider_calls c
            where outcome = 'ok' and finished_at > now() - interval '1 day' and finished_at < now() - interval '5 minutes'
              and not exists (select 1 from usage_ledger l where l.tenant_id = c.tenant_id and l.call_id = c.id)),
         'open', (
           select count(*) from provider_calls
            where finished_at is null and started_at < now() - interval '5 minutes'),
         'unknown', (
           select count(*) from provider_calls
            where outcome = 'unknown' and started_at > now() - interval '1 day')
       ) as calls`,
  );
  return z.tuple([stateSchema]).parse(rows)[0];
}
