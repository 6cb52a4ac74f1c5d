import type { ArticleRef, Generated } from '../domain/embed-article.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { Batches } from './batches.ts';
import type { Buy } from './buy.ts';
import { buyWhatFits } from './buy-what-fits.ts';
import type { CallPlace, Demand } from './call-places.ts';
import type { CheckProvider } from './check-provider.ts';
import { type Complete, rejectedChunks } from './complete.ts';
import { retryInMs } from './divide-calls.ts';
import type { PurchasePlan } from './purchase-plan.ts';
import { noteRejected } from './status-store.ts';
import type { Failed, StepFailures } from './step-failures.ts';

/** Makes one call for what a plan has chosen, and stores what it brings. `outrun`: see `BuyMissing`. */
export type BuyPlanned = (
  article: ArticleRef,
  plan: PurchasePlan,
  tries: number,
  place?: CallPlace,
) => Promise<Generated | Failed | { readonly kind: 'outrun' }>;

export interface BuyPlannedDeps {
  readonly database: Pick<Database, 'withTenant'>;
  readonly buy: Buy;
  readonly batches: Pick<Batches, 'passed' | 'refused'>;
  readonly checkProvider: CheckProvider;
  readonly complete: Complete;
  readonly failures: StepFailures;
}

/** What an article is after a batch was stored. */
type Stored =
  | { readonly kind: 'embedded'; readonly chunks: number }
  | { readonly kind: 'more'; readonly missingChunks: number }
  | { readonly kind: 'changed' };

/** When chunks that another call is buying are worth another look, for the first time: a quick call has ended by then. */
export const claimedRetryMs = 1_000;
/** A batch of so many failures in a row is not tried again before the provider has answered something else. */
const checkedAfter = 2;

/** Creates the purchase of what was planned. */
export function createBuyPlanned(deps: BuyPlannedDeps): BuyPlanned {
  const { database, buy, batches, complete, failures } = deps;

  return async (article, plan, tries, place) => {
    const { tenantId, articleId } = article;
    const { chunks, missing, rejected, space, apiKeyId, target, text, contentHash, batch } = plan;
    if (batch.chunks.length === 0 && missing.length > 0)
      return { kind: 'claimed', retryInMs: claimedRetryMs };
    if (
      batch.chunks.length === 0 &&
      chunks.every(({ hash }) => rejected.some((each) => each.hash === hash))
    ) {
      await database.withTenant(tenantId, (tx) =>
        noteRejected(tx, tenantId, articleId, rejectedChunks(text, rejected)),
      );
      return failures.waitOrFail(article, { kind: 'failed', code: 'input_rejected' }, tries);
    }
    if (batch.chunks.length === 0 && space !== undefined) {
      // An earlier attempt died after it had stored everything, or the last text was rejected: nothing is left to buy.
      const done = { spaceId: space.id, target, contentHash, chunks, rejected };
      const completed = await database.withTenant(tenantId, (tx) => complete(tx, article, done));
      return completed
        ? { kind: 'embedded', chunks: chunks.length - rejected.length, inputTokens: 0 }
        : { kind: 'changed' };
    }

    const seat = tries === 0 && !batch.wereRefused ? place?.share(demandOf(plan)) : undefined;
    // What was refused or has failed before is asked for alone, so that it fails alone.
    if (place !== undefined && seat === undefined && !(await place.takeAlone()))
      return { kind: 'busy', retryInMs };

    if (batch.failures >= checkedAfter && !batch.isWell) {
      const checked = await deps.checkProvider({ tenantId, articleId, apiKeyId, target });
      if (checked.kind === 'failed') return failures.waitOrFail(article, checked, tries);
      if (checked.kind === 'ok')
        return { kind: 'more', missingChunks: missing.length, inputTokens: checked.inputTokens };
      return { kind: 'changed' };
    }

    let sent = batch.chunks;
    const bought = await buyWhatFits(batch.chunks, (part, divisible) => {
      const missingChunks = missing.length - part.length;
      sent = part;
      return buy({
        tenantId,
        source: 'workflow',
        articleId,
        apiKeyId,
        target,
        space,
        texts: part.map((chunk) => ({ articleId, chunk })),
        divisible,
        seat,
        suspect: batch.failures > 0 && batch.isWell,
        async afterStore(tx: Transaction, spaceId): Promise<Stored> {
          if (batch.wereRefused) await batches.passed(tx, tenantId, target, part);
          if (missingChunks > 0) return { kind: 'more', missingChunks };
          const embedded = await complete(tx, article, { spaceId, target, contentHash, chunks, rejected });
          return embedded
            ? { kind: 'embedded', chunks: chunks.length - rejected.length }
            : { kind: 'changed' };
        },
      });
    });
    switch (bought.kind) {
      case 'superseded':
        return { kind: 'changed' };
      case 'claimed':
        return { kind: 'outrun' };
      case 'failed': {
        const refused = { sent, isWell: batch.isWell, failure: bought };
        if ((await batches.refused(tenantId, target, refused)) === 'divided')
          return { kind: 'more', missingChunks: missing.length, inputTokens: 0 };
        return failures.waitOrFail(article, bought, tries);
      }
      case 'ok': {
        const { inputTokens, persisted } = bought;
        return persisted.kind === 'changed' ? persisted : { ...persisted, inputTokens };
      }
      default:
        return bought satisfies never;
    }
  };
}

/** What the planned batch takes of a call that others share. */
function demandOf({ batch: { chunks, tokens, limits } }: PurchasePlan): Demand {
  return { inputs: chunks.length, tokens, maxInputs: limits.maxChunks, maxTokens: limits.maxTokens };
}
