import type { FailureCode } from '../domain/failures.ts';
import { retryTimeOf } from '../domain/retry-time.ts';
import { type Coverage, findCommonestReason } from '../embedding/coverage/summary.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { SearchCursor } from './cursor.ts';
import type { QueryVector } from './query-embedding.ts';

/** Why keywords serve a search that asked for more. */
export interface Fallback {
  readonly code: FailureCode;
  readonly retryAt: Date | null;
}

/**
 * What is known of the query's vector, once it is known how many articles have theirs. A space exists from its first batch of
 * chunks on, before its first article is complete, and while all articles wait for new vectors: there it would find nothing.
 */
export function comparableWith(answer: QueryVector, coverage: Coverage): QueryVector {
  const findsNothing = coverage.published > 0 && coverage.embedded === 0;
  return answer.kind === 'vector' && findsNothing ? { kind: 'no_vectors' } : answer;
}

/** Why the query has no vector; undefined when it has one, or needs none. */
export async function explainFallback(
  tx: Transaction,
  tenantId: string,
  answer: QueryVector,
  coverage: Coverage,
): Promise<Fallback | undefined> {
  switch (answer.kind) {
    case 'vector':
      return undefined;
    case 'failed':
      return { code: answer.code, retryAt: retryTimeOf(answer) };
    case 'no_vectors':
      // With nothing published, there is nothing that vectors could find.
      if (coverage.published === 0) return undefined;
      return { code: (await findCommonestReason(tx, tenantId)) ?? 'vectors_pending', retryAt: null };
  }
}

/** The fallback of the page before: the following pages keep to it. */
export function pinnedFallback(cursor: SearchCursor): Fallback | undefined {
  if (cursor.fallback === undefined) return undefined;
  const { code, retryAt } = cursor.fallback;
  return { code, retryAt: retryAt === null ? null : new Date(retryAt) };
}
