import { z } from 'zod';
import type { Provider } from '../domain/operations.ts';
import type { Transaction } from '../platform/postgres/database.ts';

/** A failed call: its code of the failure table, and when it ended. */
export interface LastFailure {
  readonly code: string;
  readonly at: Date;
}

/** Finds the tenant's last failed call with this version of a key; undefined when none has failed. */
export async function findLastFailure(
  tx: Transaction,
  tenantId: string,
  key: { readonly provider: Provider; readonly keyVersion: number },
): Promise<LastFailure | undefined> {
  const row: unknown = await tx('provider_calls')
    .where({ tenant_id: tenantId, provider: key.provider, key_version: key.keyVersion })
    .whereNotNull('finished_at')
    // Reranking has a breaker of its own, and its failures are told by the searches.
    .whereNot('operation', 'rerank')
    .whereNotIn('outcome', ['ok', 'unknown'])
    .orderBy('finished_at', 'desc')
    .first('outcome', 'finished_at');
  if (row === undefined) return undefined;
  const { outcome, finished_at } = z.object({ outcome: z.string(), finished_at: z.date() }).parse(row);
  return { code: outcome, at: finished_at };
}

/** Whether one of the last `calls` calls with this version of a key was answered, after `since`. */
export async function isAnsweredOfLate(
  tx: Transaction,
  tenantId: string,
  key: { readonly provider: Provider; readonly keyVersion: number },
  { calls, since }: { readonly calls: number; readonly since: Date },
): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select coalesce(bool_or(outcome = 'ok' and finished_at > :since), false) as answered
       from (select outcome, finished_at from provider_calls
              where tenant_id = :tenantId and provider = :provider and key_version = :keyVersion
                and operation <> 'rerank' and finished_at is not null
              order by finished_at desc limit :calls) last`,
    { tenantId, ...key, calls, since },
  );
  return z.tuple([z.object({ answered: z.boolean() })]).parse(rows)[0].answered;
}
