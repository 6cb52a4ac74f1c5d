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

/** Inserts the row of a new tenant, which has no words of an earlier version. */
export async function insertVersion(tx: Transaction, tenantId: string, serving: number): Promise<void> {
  await tx('word_versions').insert({ tenant_id: tenantId, serving });
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

const idRow = z.object({ tenant_id: z.string() }).transform(({ tenant_id }) => tenant_id);

/**
 * Lists tenants whose words are to be completed, or replaced by those of the current version; in the scope of reconciliation. The
 * order is another one each time, so that no tenant waits for those with many articles.
 */
export async function listUnfinished(tx: Transaction, current: number, limit: number): Promise<string[]> {
  const rows: unknown = await tx('word_versions')
    .where('serving', '<=', current)
    .where((is) => is.where('serving', '<', current).orWhere('building', '<=', current))
    .orderByRaw('random()')
    .limit(limit)
    .select('tenant_id');
  return z.array(idRow).parse(rows);
}

/** Where a tenant's words stand. */
export interface VersionState {
  readonly serving: number;
  readonly building: number | null;
  /** Whether every transaction that began before the last change has ended by now. */
  readonly isSettled: boolean;
}

const stateRow = z
  .object({ serving: z.number(), building: z.number().nullable(), is_settled: z.boolean() })
  .transform(({ is_settled, ...row }): VersionState => ({ ...row, isSettled: is_settled }));

/** Locks a tenant's row, so that one worker at a time decides what comes next; undefined where there is none. */
export async function lockVersions(
  tx: Transaction,
  tenantId: string,
  settleMs: number,
): Promise<VersionState | undefined> {
  const row: unknown = await tx('word_versions')
    .where({ tenant_id: tenantId })
    .forUpdate()
    .first(
      'serving',
      'building',
      tx.raw(`changed_at < clock_timestamp() - ? * interval '1 millisecond' as is_settled`, [settleMs]),
    );
  return stateRow.optional().parse(row);
}

/** Changes where a tenant's words stand. */
export async function updateVersions(
  tx: Transaction,
  tenantId: string,
  { serving, building }: Pick<VersionState, 'serving' | 'building'>,
): Promise<void> {
  await tx('word_versions')
    .where({ tenant_id: tenantId })
    .update({ serving, building, changed_at: tx.raw('clock_timestamp()') });
}
