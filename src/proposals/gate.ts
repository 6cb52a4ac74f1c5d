import type { ArticleSource } from '../domain/article-text.ts';
import type { Failure } from '../domain/failures.ts';
import { createKeyedMutex } from '../platform/async/keyed-mutex.ts';
import { SavepointTimeout, type Transaction } from '../platform/postgres/database.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import { type Comparisons, decideByComparison } from './decide-by-comparison.ts';
import { type Decision, type ProposedArticle, skipped, undecided } from './decision.ts';
import type { ProposedText } from './text.ts';
import type { ProposalVectors, StoredProposal } from './vectors.ts';
import type { TextsCompared } from './words.ts';

/** What the gate works with: vectors of proposals, and the comparisons with the tenant's articles. */
export interface Proposals extends ProposalVectors, Comparisons {}

/** What is known of a proposal before its transaction begins. */
export type Assessment = (
  | { readonly kind: 'skipped' }
  | ({ readonly kind: 'failed' } & Failure)
  | {
      readonly kind: 'embedded';
      readonly proposal: ProposedText;
      /**
       * Whether the proposal holds the tenant's mutex, so that other proposals of this process wait. Without it, the
       * proposal may not be compared.
       */
      readonly holdsMutex: boolean;
      /** The long texts that were compared before; undefined as long as none were. */
      readonly compared?: TextsCompared;
      /** Milliseconds that are left for the verdict. */
      readonly leftMs: () => number;
    }
) & {
  /** Releases the tenant's mutex. Call it when the write is over. */
  release(): void;
};

/** What has to be done before a decision, while no connection is held: a thread compares for a while. It never rejects. */
export interface CompareFirst {
  readonly kind: 'compare_first';
  readonly compare: () => Promise<Assessment>;
}

/** The proposal gate: whether an article already says what a proposal says. */
export interface Gate {
  /**
   * Gets the proposal's vectors and the tenant's mutex, outside of any transaction. `apiKeyId` is the API key that pays
   * from its daily budget. Never throws.
   */
  assess(tenantId: string, text: ArticleSource, apiKeyId?: string | null): Promise<Assessment>;
  /** The assessment of an author who skips the gate. */
  readonly skip: Assessment;
  /**
   * Compares the proposal with the tenant's articles, in a savepoint, so that a comparison that fails or times out
   * costs the verdict and not the article. Never throws: if the connection is gone, the write
   * after it fails. Where long texts are to be compared, it decides nothing: end the transaction, call `compare`, and decide in
   * another one, by the assessment that it answers. That one decides.
   */
  decide(
    tx: Transaction,
    tenantId: string,
    article: ProposedArticle,
    assessment: Assessment,
  ): Promise<Decision | CompareFirst>;
  /**
   * Stores the vectors that were bought with the article, in a savepoint, so that a failure costs the vectors and not
   * the article.
   */
  storeVectors(
    tx: Transaction,
    tenantId: string,
    article: StoredProposal,
    assessment: Assessment,
  ): Promise<void>;
}

export interface GateDeps {
  readonly proposals: Proposals;
  readonly log: Logger;
  /**
   * How long a proposal waits for its verdict in all, in milliseconds: provider, key custody, mutex and comparison
   * together.
   */
  readonly timeoutMs: number;
}

const nothingToRelease = () => undefined;

/** Creates the proposal gate. */
export function createGate({ proposals, log, timeoutMs }: GateDeps): Gate {
  const mutex = createKeyedMutex();

  return {
    async assess(tenantId, text, apiKeyId = null) {
      const endsAt = performance.now() + timeoutMs;
      const leftMs = () => Math.max(0, endsAt - performance.now());
      const embedded = await proposals.embed(tenantId, text, leftMs(), apiKeyId);
      if (embedded.kind === 'failed') return { ...embedded, release: nothingToRelease };
      const { proposal } = embedded;
      // With the mutex, at most one connection per tenant and process waits for the lock in the database.
      const release = await mutex.acquire(tenantId, leftMs());
      const holdsMutex = release !== undefined;
      return { kind: 'embedded', proposal, holdsMutex, leftMs, release: release ?? nothingToRelease };
    },

    skip: { kind: 'skipped', release: nothingToRelease },

    async decide(tx, tenantId, article, assessment) {
      if (assessment.kind === 'skipped') return skipped;
      if (assessment.kind === 'failed') return undecided(assessment);
      const { proposal, holdsMutex, leftMs } = assessment;
      try {
        if (!holdsMutex || leftMs() === 0) throw new SavepointTimeout();
        const compared = { article, proposal, before: assessment.compared, leftMs };
        const decision = await tx.savepoint(
          (inner) => decideByComparison(proposals, inner, tenantId, compared),
          { timeoutMs: leftMs() },
        );
        if (decision.kind !== 'long') return decision;
        const { compare } = decision;
        return {
          kind: 'compare_first',
          compare: async () => ({ ...assessment, compared: await compare() }),
        };
      } catch (error) {
        if (error instanceof SavepointTimeout || leftMs() === 0) {
          log.warn({ tenant_id: tenantId }, 'proposal gate timed out, article accepted');
        } else {
          log.error({ error, tenant_id: tenantId }, 'proposal gate failed, article accepted');
        }
        return undecided({ code: 'internal' });
      }
    },

    async storeVectors(tx, tenantId, article, assessment) {
      if (assessment.kind !== 'embedded') return;
      try {
        await tx.savepoint((inner) => proposals.store(inner, tenantId, article, assessment.proposal));
      } catch (error) {
        log.error({ error, tenant_id: tenantId }, 'vectors of a proposal not stored, article accepted');
      }
    },
  };
}
