import { guidanceOf } from '../domain/failures.ts';
import { invalidField } from '../platform/http/problem.ts';
import type { OpenedCursor } from './client-cursor.ts';
import type { Found, SearchQuery } from './found.ts';

/** The problem for a cursor that cannot be used. */
export function unusableCursor(kind: Exclude<OpenedCursor['kind'], 'opened'>) {
  switch (kind) {
    case 'other_search':
      return invalidField('cursor', 'belongs to another search');
    case 'expired':
      return invalidField('cursor', 'has expired: begin the search again');
    default:
      return kind satisfies never;
  }
}

/** The problem for tags that no published article has. */
export function unknownTags(tags: readonly string[]) {
  const named = tags.map((tag) => JSON.stringify(tag)).join(', ');
  return invalidField('tags', `no published article has ${named}`);
}

/** What a search did, as the `meta` of its answer. */
export function presentMeta(mode: SearchQuery['mode'], found: Found) {
  return {
    mode,
    served_mode: found.servedMode,
    fallback: found.fallback,
    fallback_reason: found.fallbackReason,
    ...guidanceOf(found.fallbackReason ?? found.rerankReason),
    coverage: found.coverage,
    words: found.words,
    nothing_relevant: found.nothingRelevant,
    retry_at: found.retryAt?.toISOString() ?? null,
    reranked: found.reranked,
    rerank_reason: found.rerankReason,
  };
}
