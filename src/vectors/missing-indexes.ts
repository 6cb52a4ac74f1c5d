import { readThrown } from '../domain/thrown.ts';
import { MigrationFailed } from '../platform/postgres/migration-failure.ts';
import type { OwnerConnection } from '../platform/postgres/owner-connection.ts';
import { vectorIndexOf } from './vector-index.ts';
import {
  createVectorIndex,
  dropVectorIndex,
  listDimensionsInUse,
  listVectorIndexes,
  lockIndexBuilds,
} from './vector-index-store.ts';

/** Lists of dimensions. */
export interface IndexReport {
  /** Had none. */
  readonly made: readonly number[];
  /** Had one that a build had left half-made. */
  readonly repaired: readonly number[];
  /** In use, and more than an index can take: these are searched exactly. */
  readonly tooMany: readonly number[];
}

/**
 * Makes the approximate indexes that the dimensions in use lack, and anew those that are invalid, without holding up a
 * search or a write; safe to repeat. `busy`: another migration is at it. Fails with a MigrationFailed that names the dimension.
 */
export async function makeMissingIndexes(owner: OwnerConnection): Promise<IndexReport | 'busy'> {
  if (!(await lockIndexBuilds(owner))) return 'busy';
  const there = await listVectorIndexes(owner);
  const invalid = [...there].filter(([, { isValid }]) => !isValid).map(([dimensions]) => dimensions);
  const made: number[] = [];
  const repaired: number[] = [];
  const tooMany: number[] = [];
  for (const dimensions of new Set([...(await listDimensionsInUse(owner)), ...invalid])) {
    const index = vectorIndexOf(dimensions);
    if (index === undefined) {
      tooMany.push(dimensions);
      continue;
    }
    const found = there.get(dimensions);
    if (found?.isValid) continue;
    try {
      if (found) await dropVectorIndex(owner, index);
      await createVectorIndex(owner, dimensions, index);
    } catch (error) {
      const code = readThrown(error, 'code');
      throw new MigrationFailed(
        `the index on vectors of ${dimensions} dimensions could not be made; searches go on without it`,
        typeof code === 'string' ? code : undefined,
      );
    }
    (found ? repaired : made).push(dimensions);
  }
  return { made, repaired, tooMany };
}
