import { activityInfo } from '@temporalio/activity';
import type { Rewriting } from '../src/articles/rewriting/rewriting.ts';
import type {
  ArticleRef,
  EmbeddedAtOnce,
  Generated,
  HashCheck,
  ResolvedKey,
  UnusableAnswer,
} from '../src/domain/embed-article.ts';
import type { FailureCode } from '../src/domain/failures.ts';
import type { KeyReference } from '../src/domain/operations.ts';
import type { Backlog, BacklogPage } from '../src/embedding/backlog/backlog.ts';
import type { EmbedArticleSteps } from '../src/embedding/embed-article.ts';
import type { Retention } from '../src/retention/retention.ts';
import type { Usage } from '../src/usage/service.ts';
import {
  type ClassificationActivities,
  type ClassificationDeps,
  createClassificationActivities,
} from './classification.ts';
import { toApplicationFailure } from './failure.ts';
import { createIngestionActivities, type IngestionActivities, type IngestionDeps } from './ingestion.ts';
import { orThrow } from './or-throw.ts';
import { createReviewActivities, type ReviewActivities, type ReviewDeps } from './reviews.ts';

/** Work that lasts longer than its process. */
export interface ReconciledWork {
  /** Requests workflows for what is under way and has none; returns how many. */
  requeueStuck(): Promise<number>;
}

export interface ActivityDeps extends ClassificationDeps, IngestionDeps, ReviewDeps {
  readonly steps: EmbedArticleSteps;
  readonly backlog: Backlog;
  readonly usage: Usage;
  readonly retention: Retention;
  readonly rewriting: Rewriting;
  /** Work beside the embedding of articles that the reconciler looks after. */
  readonly reconciled: readonly ReconciledWork[];
}

export interface Activities extends ClassificationActivities, IngestionActivities, ReviewActivities {
  /** The whole walk in one step, for an article that takes one call at most. */
  embedArticle(input: ArticleRef & { readonly tries?: number }): Promise<EmbeddedAtOnce | UnusableAnswer>;
  /** Step 1 of the walk: finds the reference of the tenant's embedding key. */
  resolveEmbeddingKey(input: ArticleRef & { readonly tries?: number }): Promise<ResolvedKey>;
  /** Step 2: finds out how many chunks lack a vector. */
  checkContentHash(input: ArticleRef & { readonly key: KeyReference }): Promise<HashCheck>;
  /** Step 3: makes one guarded provider call and stores its vectors. */
  generateEmbedding(
    input: ArticleRef & {
      readonly key: KeyReference;
      readonly contentHash: string;
      readonly tries?: number;
    },
  ): Promise<Generated>;
  /** Step 4: writes the ledger rows of the article's calls. */
  recordUsage(input: ArticleRef): Promise<void>;
  /** Sets the article's embedding status and reason after the workflow has given up. */
  giveUp(input: ArticleRef & { readonly code: FailureCode }): Promise<void>;
  /** Starts the workflows of one page of a tenant's backlog. */
  startBacklogPage(input: { readonly tenantId: string; readonly afterId?: string }): Promise<BacklogPage>;
  /** Counts the articles that are left. With none left, the new space starts to serve. */
  settleBacklog(input: {
    readonly tenantId: string;
    readonly startedUpToId?: string;
  }): Promise<{ readonly pending: number; readonly underWay: number }>;
  /** Sends one batch of unsent rows of the outbox. */
  relayOutbox(): Promise<{ readonly sent: number; readonly failed: number; readonly more: boolean }>;
  /** Requests workflows for pending articles, jobs and reviews that have none; returns their number. */
  requeueForgotten(): Promise<number>;
  /** Closes the call records that crashes have left open; returns their number. */
  closeAbandonedCalls(): Promise<number>;
  /** Writes the words of some articles that have none of the current version; returns their number. */
  rewriteWords(): Promise<number>;
  /** Deletes a batch of rows past their end; returns their number. */
  deleteExpired(): Promise<number>;
}

/** The activities. Each one unpacks its input, calls a service, and turns a failure into Temporal's. */
export function createActivities(deps: ActivityDeps): Activities {
  const { steps, backlog, usage, retention, rewriting, reconciled } = deps;
  return {
    ...createClassificationActivities(deps),
    ...createIngestionActivities(deps),
    ...createReviewActivities(deps),
    async embedArticle({ tries, ...article }) {
      const done = await steps.embed(article, tries);
      if (done.kind !== 'failed') return done;
      const { asked } = done;
      // The policy of the step asks a second time, and the workflow remembers what was asked in vain.
      const isInVain = done.code === 'malformed_response' && activityInfo().attempt > 1;
      if (isInVain && asked !== undefined) return { kind: 'unusable', ...asked };
      throw toApplicationFailure(done);
    },
    resolveEmbeddingKey: async ({ tries, ...article }) => orThrow(await steps.resolveKey(article, tries)),
    checkContentHash: ({ key, ...article }) => steps.checkContentHash(article, key),
    generateEmbedding: async ({ key, contentHash, tries, ...article }) =>
      orThrow(await steps.generate(article, key, contentHash, tries)),
    recordUsage: async ({ tenantId, articleId }) => {
      await usage.recordSubject(tenantId, articleId);
    },
    giveUp: ({ code, ...article }) => steps.giveUp(article, code),
    startBacklogPage: ({ tenantId, afterId }) => backlog.startPage(tenantId, afterId),
    settleBacklog: ({ tenantId, startedUpToId }) => backlog.settle(tenantId, startedUpToId),
    relayOutbox: () => backlog.relay(),
    async requeueForgotten() {
      let requeued = 0;
      for (const work of [backlog, ...reconciled]) requeued += await work.requeueStuck();
      return requeued;
    },
    closeAbandonedCalls: () => usage.closeAbandoned(),
    rewriteWords: () => rewriting.rewriteSome(),
    deleteExpired: () => retention.sweep(),
  };
}
