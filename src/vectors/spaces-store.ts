import { z } from 'zod';
import { type ProviderTarget, targetIdOf } from '../domain/provider-target.ts';
import type { Transaction } from '../platform/postgres/database.ts';

/** A set of vectors that can be compared: of one target, one dimension and one chunker version. */
export interface Space {
  readonly id: string;
  /** What made its vectors. */
  readonly target: ProviderTarget;
  readonly dimensions: number;
}

/** What identifies a space besides its dimension, which is known only from a provider's answer. */
export interface SpaceKind {
  readonly target: ProviderTarget;
  readonly chunkerVersion: number;
}

/**
 * The state of a space. The serving one answers searches, the building one is filled to replace it, and a retired one
 * only keeps its vectors, for a while. Only this file and spaces.ts know the states.
 */
type State = 'serving' | 'building' | 'retired';

const inputStyle = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('field'), name: z.string(), query: z.string(), passage: z.string() }),
  z.object({ kind: z.literal('prefix'), query: z.string(), passage: z.string() }),
]);
const storedSpace = {
  id: z.string(),
  vendor: z.string(),
  base_url: z.string(),
  model: z.string(),
  requested_dimensions: z.number().nullable(),
  input_style: inputStyle,
  dimensions: z.number(),
};
const columns = Object.keys(storedSpace);
const spaceRow = z.object(storedSpace).transform(toSpace);

function toSpace(row: z.output<z.ZodObject<typeof storedSpace>>): Space {
  const { id, dimensions, vendor, model } = row;
  const target: ProviderTarget = {
    vendor,
    baseUrl: row.base_url,
    model,
    dimensions: row.requested_dimensions,
    inputStyle: row.input_style,
  };
  return { id, target, dimensions };
}

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
 * Finds the tenant's space of a target and chunker version. There are several only if a provider changed its dimension;
 * the newest counts.
 */
export async function findSpaceOfKind(
  tx: Transaction,
  tenantId: string,
  { target, chunkerVersion }: SpaceKind,
): Promise<Space | undefined> {
  const row: unknown = await tx('embedding_spaces')
    .where({ tenant_id: tenantId, target_id: targetIdOf(target), chunker_version: chunkerVersion })
    .orderBy('created_at', 'desc')
    .first(columns);
  return spaceRow.optional().parse(row);
}

/**
 * Inserts the space, or returns the existing one of the same target, dimension and chunker version. A new space is
 * retired until it is given another state.
 */
export async function insertSpace(
  tx: Transaction,
  tenantId: string,
  space: SpaceKind & { readonly id: string; readonly dimensions: number },
): Promise<Space> {
  const { target } = space;
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `insert into embedding_spaces (tenant_id, id, target_id, vendor, base_url, model, requested_dimensions, input_style,
                                   dimensions, chunker_version, state)
     values (:tenantId, :id, :targetId, :vendor, :baseUrl, :model, :requestedDimensions::int, :inputStyle::jsonb,
             :dimensions, :chunkerVersion, 'retired')
     on conflict (tenant_id, target_id, dimensions, chunker_version) do update set base_url = excluded.base_url
     returning ${columns.join(', ')}`,
    {
      ...{ tenantId, id: space.id, dimensions: space.dimensions, chunkerVersion: space.chunkerVersion },
      ...{
        targetId: targetIdOf(target),
        vendor: target.vendor,
        baseUrl: target.baseUrl,
        model: target.model,
      },
      ...{ requestedDimensions: target.dimensions, inputStyle: JSON.stringify(target.inputStyle) },
    },
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

const listedRow = z
  .object({ ...storedSpace, chunker_version: z.number(), created_at: z.date(), serving: z.boolean() })
  .transform(
    (row): ListedSpace => ({
      ...toSpace(row),
      chunkerVersion: row.chunker_version,
      createdAt: row.created_at,
      serving: row.serving,
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

/** The id of the serving space of the given tenant, which the statement binds, as an SQL expression; null when none serves. */
export const servingSpaceIdSql = (tenant: ':tenantId' | '$1'): string =>
  `(select id from embedding_spaces where tenant_id = ${tenant} and state = 'serving')`;
