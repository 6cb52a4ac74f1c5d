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

/** What a run did, as lists of dimensions. */
export interface IndexReport {
  /** Dimensions that had no index. */
  readonly made: readonly number[];
  /** Dimensions whose index was invalid, because its build was interrupted. */
  readonly repaired: readonly number[];
  /** Dimensions in use above the limit of an index. Their searches compare exactly. */
  readonly tooMany: readonly number[];
}

/**
 * Creates the approximate indexes that the dimensions in use lack, and rebuilds invalid ones. Searches and writes go on
 * meanwhile, and a repetition is safe. Returns `busy` when another migration is building. Fails with a MigrationFailed
 * that names the dimension.
 */
export async function makeMissingIndexes(owner: OwnerConnection): Promise<IndexReport | 'busy'> {
  if (!(await lockIndexBuilds(owner))) return 'busy';
  const existing = await listVectorIndexes(owner);
  const invalid = [...existing].filter(([, { isValid }]) => !isValid).map(([dimensions]) => dimensions);
  const made: number[] = [];
  const repaired: number[] = [];
  const tooMany: number[] = [];
  for (const dimensions of new Set([...(await listDimensionsInUse(owner)), ...invalid])) {
    const index = vectorIndexOf(dimensions);
    if (index === undefined) {
      tooMany.push(dimensions);
      continue;
    }
    const found = existing.get(dimensions);
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
