import type { FailureCode } from '../domain/failures.ts';
import { type Coverage, readCommonestReason } from '../embedding/coverage/summary-read-model.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { Place } from './cursor.ts';
import type { QueryVector } from './query-embedding.ts';

/** Why keywords serve what asked for more. */
export interface Fallback {
  readonly code: FailureCode | null;
  readonly retryAt: Date | null;
}

/** Why keywords serve a search with this answer of the provider; undefined where nothing is missing. */
export async function explainFallback(
  tx: Transaction,
  tenantId: string,
  answer: QueryVector,
  coverage: Coverage,
): Promise<Fallback | undefined> {
  switch (answer.kind) {
    case 'vector':
      return undefined;
    case 'failed': {
      const { code, retryAfterMs } = answer;
      return { code, retryAt: retryAfterMs === undefined ? null : new Date(Date.now() + retryAfterMs) };
    }
    case 'no_vectors':
      // Nothing is published that vectors could find.
      if (coverage.published === 0) return undefined;
      return { code: (await readCommonestReason(tx, tenantId)) ?? null, retryAt: null };
  }
}

/** What the first page that keywords had to serve has said. */
export function pinnedFallback(place: Place): Fallback | undefined {
  if (place.fallback === undefined) return undefined;
  const { code, retryAt } = place.fallback;
  return { code, retryAt: retryAt === null ? null : new Date(retryAt) };
}
