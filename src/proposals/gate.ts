import type { ArticleSource } from '../domain/article-text.ts';
import type { Failure } from '../domain/failures.ts';
import { createKeyedMutex } from '../platform/async/keyed-mutex.ts';
import { SavepointTimeout, type Transaction } from '../platform/postgres/database.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import type { CompareProposal } from './comparison.ts';
import { decideByComparison } from './decide-by-comparison.ts';
import { type Decision, type ProposedArticle, skipped, undecided } from './decision.ts';
import type { ProposedText } from './text.ts';
import type { ProposalVectors, StoredProposal } from './vectors.ts';

/** What the gate works with: vectors of proposals, and the comparison with the tenant's articles. */
export interface Proposals extends ProposalVectors {
  readonly compare: CompareProposal;
}

/** What is known of a proposal before its transaction begins. */
export type Assessment = (
  | { readonly kind: 'skipped' }
  | ({ readonly kind: 'failed' } & Failure)
  | {
      readonly kind: 'embedded';
      readonly proposal: ProposedText;
      /** Whether the tenant's other proposals of this process wait for it. If not, it may not be compared. */
      readonly isNext: boolean;
      readonly leftMs: () => number;
    }
) & {
  /** Lets the tenant's next proposal go on. To be called when the write is over. */
  release(): void;
};

export interface Gate {
  /** Outside any transaction: the proposal's vectors, and the tenant's mutex. Never throws. */
  assess(tenantId: string, text: ArticleSource): Promise<Assessment>;
  /** The assessment of an author who skips the gate. */
  readonly skip: Assessment;
  /**
   * Compares the proposal with the tenant's articles, in a savepoint: a comparison that fails or takes too long costs the
   * verdict and not the article. Never throws but where the connection fails.
   */
  decide(
    tx: Transaction,
    tenantId: string,
    article: ProposedArticle,
    assessment: Assessment,
  ): Promise<Decision>;
  /** Stores the vectors that were paid for with the article, in a savepoint: failing costs the vectors and not the article. */
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
  /** All that a proposal waits for its verdict: provider, key custody, mutex and comparison together. */
  readonly timeoutMs: number;
}

const nothingToRelease = () => undefined;

/** The proposal gate: does an article say this already? */
export function createGate({ proposals, log, timeoutMs }: GateDeps): Gate {
  const mutex = createKeyedMutex();

  return {
    async assess(tenantId, text) {
      const endsAt = performance.now() + timeoutMs;
      const leftMs = () => Math.max(0, endsAt - performance.now());
      const embedded = await proposals.embed(tenantId, text, leftMs());
      if (embedded.kind === 'failed') return { ...embedded, release: nothingToRelease };
      const { proposal } = embedded;
      // One connection a tenant and process is then the most that waits for the lock in the database.
      const release = await mutex.acquire(tenantId, leftMs());
      const isNext = release !== undefined;
      return { kind: 'embedded', proposal, isNext, leftMs, release: release ?? nothingToRelease };
    },

    skip: { kind: 'skipped', release: nothingToRelease },

    async decide(tx, tenantId, article, assessment) {
      if (assessment.kind === 'skipped') return skipped;
      if (assessment.kind === 'failed') return undecided(assessment);
      const { proposal, isNext, leftMs } = assessment;
      try {
        if (!isNext || leftMs() === 0) throw new SavepointTimeout();
        return await tx.savepoint(
          (inner) => decideByComparison(proposals.compare, inner, tenantId, { article, proposal, leftMs }),
          { timeoutMs: leftMs() },
        );
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
