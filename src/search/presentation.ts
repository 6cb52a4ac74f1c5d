import { invalidField } from '../platform/http/problem.ts';
import type { Found, SearchQuery } from './service.ts';

/** Tags that no published article has. */
export function unknownTags(tags: readonly string[]) {
  const named = tags.map((tag) => JSON.stringify(tag)).join(', ');
  return invalidField('tags', `no published article has ${named}`);
}

/** What a search did, as its answer says it. */
export function presentMeta(mode: SearchQuery['mode'], found: Found) {
  return {
    mode,
    served_mode: found.servedMode,
    fallback: found.fallback,
    fallback_reason: found.fallbackReason,
    coverage: found.coverage,
    retry_at: found.retryAt?.toISOString() ?? null,
  };
}
