import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

/** A set of vectors that can be compared: of one model, one dimension and one chunker version. */
export interface Space {
  readonly id: string;
  readonly model: string;
  readonly dimensions: number;
}

/** What identifies a space besides its dimension, which is known only from a provider's answer. */
export interface SpaceKind {
  readonly model: string;
  readonly chunkerVersion: number;
}

/**
 * The state of a space. The serving one answers searches, the building one is filled to replace it, and a retired one
 * only keeps its vectors, for a while. Only this file and spaces.ts know the states.
 */
type State = 'serving' | 'building' | 'retired';

const spaceRow = z.object({ id: z.string(), model: z.string(), dimensions: z.number() });
const columns = ['id', 'model', 'dimensions'] as const;

/** Finds the tenant's space in this state; there is at most one. */
export async function findSpaceInState(
  tx: Transaction,
  tenantId: string,
  state: Exclude<State, 'retired'>,
): Promise<Space | undefined> {
  const row: unknown = await tx('embedding_spaces').where({ tenant_id: tenantId, state }).first(columns);
  return spaceRow.optional().parse(row);
}

/**
 * Finds the tenant's space of a model and chunker version. There are several only if a provider changed its dimension;
 * the newest counts.
 */
export async function findSpaceOfKind(
  tx: Transaction,
  tenantId: string,
  { model, chunkerVersion }: SpaceKind,
): Promise<Space | undefined> {
  const row: unknown = await tx('embedding_spaces')
    .where({ tenant_id: tenantId, model, chunker_version: chunkerVersion })
    .orderBy('created_at', 'desc')
    .first(columns);
  return spaceRow.optional().parse(row);
}

/**
 * Inserts the space, or returns the existing one of the same model, dimension and chunker version. A new space is
 * retired until it is given another state.
 */
export async function insertSpace(
  tx: Transaction,
  tenantId: string,
  space: SpaceKind & { readonly id: string; readonly dimensions: number },
): Promise<Space> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `insert into embedding_spaces (tenant_id, id, model, dimensions, chunker_version, state)
     values (:tenantId, :id, :model, :dimensions, :chunkerVersion, 'retired')
     on conflict (tenant_id, model, dimensions, chunker_version) do update set model = excluded.model
     returning id, model, dimensions`,
    { tenantId, ...space },
  );
  return z.tuple([spaceRow]).parse(rows)[0];
}

/**
 * Gives a space a state and retires the space that had it. These are two statements, because a unique index is checked
 * row by row.
 */
export async function setState(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
  state: Exclude<State, 'retired'>,
): Promise<void> {
  await Promise.all([
    tx('embedding_spaces')
      .where({ tenant_id: tenantId, state })
      .whereNot({ id: spaceId })
      .update({ state: 'retired', retired_at: tx.raw('clock_timestamp()') }),
    tx('embedding_spaces').where({ tenant_id: tenantId, id: spaceId }).whereNot({ state }).update({ state }),
  ]);
}

/** Retires the building space, if there is one. */
export async function retireBuilding(tx: Transaction, tenantId: string): Promise<void> {
  await tx('embedding_spaces')
    .where({ tenant_id: tenantId, state: 'building' })
    .update({ state: 'retired', retired_at: tx.raw('clock_timestamp()') });
}

/** Locks the states of the tenant's spaces until the transaction ends. */
export async function lockSpaces(tx: Transaction, tenantId: string): Promise<void> {
  await tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`embedding_spaces ${tenantId}`]);
}

/** A space as clients see it. */
export interface ListedSpace extends Space {
  readonly chunkerVersion: number;
  readonly createdAt: Date;
  /** Whether it answers the tenant's searches. */
  readonly serving: boolean;
}

const listedRow = spaceRow
  .extend({ chunker_version: z.number(), created_at: z.date(), serving: z.boolean() })
  .transform(
    ({ chunker_version: chunkerVersion, created_at: createdAt, ...row }): ListedSpace => ({
      ...row,
      chunkerVersion,
      createdAt,
    }),
  );

/** Lists the tenant's spaces, newest first. */
export async function listSpaces(tx: Transaction, tenantId: string): Promise<ListedSpace[]> {
  const rows: unknown = await tx('embedding_spaces')
    .where({ tenant_id: tenantId })
    .orderBy([{ column: 'created_at', order: 'desc' }, { column: 'id' }])
    .select(...columns, 'chunker_version', 'created_at', tx.raw("state = 'serving' as serving"));
  return z.array(listedRow).parse(rows);
}

/** The id of the serving space as an SQL expression, for a statement that binds `:tenantId`; null when none serves. */
export const servingSpaceIdSql = `(select id from embedding_spaces where tenant_id = :tenantId and state = 'serving')`;
