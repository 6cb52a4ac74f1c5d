import { type ProviderTarget, targetIdOf } from '../domain/provider-target.ts';
import type { CallResult } from '../providers/call.ts';
import type { GuardedEmbedding } from '../providers/embedding/guarded-embedding.ts';

/** A text that any model embeds, of one or two tokens. */
const plainText = 'Hello';

/**
 * Finds out, by one guarded call for a plain text, whether the provider is well on whose failures an article waits. If it is, the
 * article's own text is at fault. Nothing of the answer is stored.
 */
export type CheckProvider = (article: {
  readonly tenantId: string;
  readonly articleId: string;
  readonly apiKeyId: string | null;
  readonly target: ProviderTarget;
}) => Promise<CallResult<undefined>>;

/** Creates the check. */
export function createCheckProvider(deps: {
  readonly embedding: GuardedEmbedding;
  /** Timeout of one attempt in a workflow, in milliseconds. */
  readonly timeoutMs: number;
}): CheckProvider {
  return ({ target, ...article }) =>
    deps.embedding.embed({
      ...article,
      source: 'workflow',
      inputs: [plainText],
      side: 'passage',
      timeoutMs: deps.timeoutMs,
      expectedTargetId: targetIdOf(target),
      persist: async () => undefined,
    });
}
