import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

/** The version that serves a tenant without a row: it was created before there was another one. */
export const firstVersion = 1;

const servingRow = z.object({ serving: z.number() });

/** Finds the version whose words serve a tenant's searches. */
export async function findServing(tx: Transaction, tenantId: string): Promise<number> {
  const row: unknown = await tx('word_versions').where({ tenant_id: tenantId }).first('serving');
  return servingRow.optional().parse(row)?.serving ?? firstVersion;
}

/** Has the worker look for articles without words of the serving version, and complete them. */
export async function lookForMissing(tx: Transaction, tenantId: string): Promise<void> {
  await tx.raw(
    `insert into word_versions as v (tenant_id, serving, building) values (:tenantId, :first, :first)
     on conflict (tenant_id) do update
       set building = coalesce(v.building, v.serving), changed_at = clock_timestamp()`,
    { tenantId, first: firstVersion },
  );
}
