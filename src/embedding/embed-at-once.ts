import type { ArticleRef, EmbeddedAtOnce } from '../domain/embed-article.ts';
import type { KeyReference } from '../domain/operations.ts';
import { targetIdOf } from '../domain/provider-target.ts';
import type { ProviderKeys } from '../llm-config/provider-keys.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { admitKey } from '../providers/admission.ts';
import type { BlockedOperations } from '../usage/blocked-operations.ts';
import type { BuyPlanned } from './buy-planned.ts';
import type { CallPlace, CallPlaces } from './call-places.ts';
import type { Complete } from './complete.ts';
import { retryInMs } from './divide-calls.ts';
import type { EmbeddingMetrics } from './metrics.ts';
import type { PlanPurchase, PurchasePlan } from './purchase-plan.ts';
import type { Failed, StepFailures } from './step-failures.ts';
import type { RunWithChunks } from './with-chunks.ts';

/** What a call was made for. */
interface Asked {
  readonly key: KeyReference;
  readonly contentHash: string;
}

/**
 * The walk in one step: one transaction finds the key, the text and what it lacks, and one guarded call buys it. What takes more
 * than that is left to the steps, one by one. A failure of the call says for which text and key it was made.
 */
export type EmbedAtOnce = (
  article: ArticleRef,
  tries: number,
) => Promise<EmbeddedAtOnce | (Failed & { readonly asked?: Asked })>;

export interface EmbedAtOnceDeps {
  readonly keys: Pick<ProviderKeys, 'current'>;
  readonly withChunks: RunWithChunks;
  readonly complete: Complete;
  readonly planPurchase: PlanPurchase;
  readonly buyPlanned: BuyPlanned;
  readonly failures: StepFailures;
  readonly places: CallPlaces;
  readonly blocked: BlockedOperations;
  readonly metrics: Pick<EmbeddingMetrics, 'hashChecked'>;
}

/** What the first look has found: an end, or a call to make. */
type Look =
  | Exclude<EmbeddedAtOnce, { readonly kind: 'embedded' | 'waits' | 'busy' }>
  | Failed
  | { readonly kind: 'lacks'; readonly asked: Asked; readonly plan: PurchasePlan };

/** Creates the walk in one step. It may be repeated: stored vectors are found again, and nothing is bought twice. */
export function createEmbedAtOnce(deps: EmbedAtOnceDeps): EmbedAtOnce {
  const { keys, withChunks, complete, planPurchase, buyPlanned, failures, blocked, metrics, places } = deps;

  const look = (article: ArticleRef) => {
    const { tenantId } = article;
    const keyOf = (tx: Transaction) => admitKey(keys, tx, tenantId, 'embedding');
    return withChunks(
      article,
      async (tx, text, chunks): Promise<Look> => {
        const admitted = await keyOf(tx);
        if (admitted.kind === 'no_key') return { kind: 'no_api_key' };
        if (admitted.kind === 'rejected') return { kind: 'failed', code: admitted.code };
        if (text === undefined) return { kind: 'gone' };
        if (text.status !== 'published') return { kind: 'not_published' };
        const { target, version: keyVersion } = admitted.key;
        const { model } = target;
        const plan = await planPurchase(tx, article, { text, chunks, target, keyVersion });
        const { missing, rejected, space, contentHash } = plan;
        const stored = new Set(chunks.map(({ hash }) => hash)).size - rejected.length - missing.length;
        if (missing.length === 0 && stored > 0 && space !== undefined) {
          const done = { spaceId: space.id, target, contentHash, chunks, rejected };
          if (await complete(tx, article, done)) {
            metrics.hashChecked({ outcome: 'unchanged', chunksSkipped: stored });
            return { kind: 'unchanged', model, chunks: chunks.length };
          }
        }
        metrics.hashChecked({ outcome: 'missing', chunksSkipped: stored });
        const key: KeyReference = { provider: 'embedding', model, keyVersion, targetId: targetIdOf(target) };
        return { kind: 'lacks', asked: { key, contentHash }, plan };
      },
      async (tx) => (await keyOf(tx)).kind === 'admitted',
    );
  };

  const embed = async (article: ArticleRef, tries: number, place: CallPlace): ReturnType<EmbedAtOnce> => {
    const found = await look(article);
    if (found.kind === 'no_api_key') {
      await failures.show(article, 'blocked', { code: 'no_api_key' });
      await blocked.note(article.tenantId, 'embedding');
    }
    if (found.kind !== 'lacks') return found;
    const { asked, plan } = found;
    const bought = await buyPlanned(article, plan, tries, place);
    switch (bought.kind) {
      case 'embedded':
        return { ...bought, model: asked.key.model };
      case 'failed':
        return { ...bought, asked };
      case 'more':
        return { kind: 'more', inputTokens: bought.inputTokens };
      case 'waits':
        return bought;
      case 'busy':
      case 'claimed':
        return { kind: bought.kind, retryInMs: bought.retryInMs };
      case 'changed':
      case 'outrun':
        return { kind: 'again' };
      default:
        return bought satisfies never;
    }
  };

  return async (article, tries) => {
    const place = await places.enter(article.tenantId);
    if (place === 'busy') return { kind: 'busy', retryInMs };
    try {
      return await embed(article, tries, place);
    } finally {
      place.leave();
    }
  };
}
