import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

const spaceSchema = z.object({ id: z.string(), dimensions: z.number() });
export type Space = z.output<typeof spaceSchema>;

/** What identifies a space, but for the dimension, which only an answer tells. */
export interface SpaceKind {
  readonly model: string;
  readonly chunkerVersion: number;
}

/** The tenant's space of a model and chunker: the newest, should a provider ever have changed its dimension. */
export async function findSpace(
  tx: Transaction,
  tenantId: string,
  kind: SpaceKind,
): Promise<Space | undefined> {
  const row: unknown = await tx('embedding_spaces')
    .where({ tenant_id: tenantId, model: kind.model, chunker_version: kind.chunkerVersion })
    .orderBy('created_at', 'desc')
    .first('id', 'dimensions');
  return row === undefined ? undefined : spaceSchema.parse(row);
}

/** Finds or makes the space with this dimension. The first of a tenant serves its searches at once. */
export async function ensureSpace(
  tx: Transaction,
  tenantId: string,
  kind: SpaceKind & { readonly id: string; readonly dimensions: number },
): Promise<string> {
  const { rows } = await tx.raw<{ rows: { id: string }[] }>(
    `insert into embedding_spaces (tenant_id, id, model, dimensions, chunker_version, state)
     values (:tenantId, :id, :model, :dimensions, :chunkerVersion,
             case when exists (select 1 from embedding_spaces where tenant_id = :tenantId and state = 'serving')
                  then 'retired' else 'serving' end)
     on conflict (tenant_id, model, dimensions, chunker_version) do update set model = excluded.model
     returning id`,
    { tenantId, ...kind },
  );
  return (
    z
      .array(z.object({ id: z.string() }))
      .length(1)
      .parse(rows)[0]?.id ?? kind.id
  );
}

/** Serialises whoever makes a space for the tenant: two first articles must not both make the serving one. */
export async function lockSpaces(tx: Transaction, tenantId: string): Promise<void> {
  await tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`embedding_spaces ${tenantId}`]);
}

/** The space that answers the tenant's searches. */
export async function readServingSpace(
  tx: Transaction,
  tenantId: string,
): Promise<{ readonly id: string; readonly model: string; readonly dimensions: number } | undefined> {
  const row: unknown = await tx('embedding_spaces')
    .where({ tenant_id: tenantId, state: 'serving' })
    .first('id', 'model', 'dimensions');
  return row === undefined ? undefined : spaceSchema.extend({ model: z.string() }).parse(row);
}

/** Lets the space answer the tenant's searches from now on, in place of the one that does. */
export async function serveSpace(tx: Transaction, tenantId: string, spaceId: string): Promise<void> {
  await tx('embedding_spaces')
    .where({ tenant_id: tenantId, state: 'serving' })
    .whereNot({ id: spaceId })
    .update({ state: 'retired' });
  await tx('embedding_spaces').where({ tenant_id: tenantId, id: spaceId }).update({ state: 'serving' });
}
