import type { Audit } from '../audit/service.ts';
import type { ProviderKeys } from '../llm-config/provider-keys.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { WorkflowStarter } from '../outbox/workflow-starter.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Share } from '../platform/shares/share.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import type { GuardedEmbedding } from '../providers/embedding/guarded-embedding.ts';
import type { EmbeddingProfiles } from '../providers/embedding/profiles.ts';
import type { Guard } from '../providers/guard.ts';
import type { Limits } from '../providers/limits/limits.ts';
import type { BlockedOperations } from '../usage/blocked-operations.ts';
import type { Usage } from '../usage/service.ts';
import type { Cutter } from '../vectors/cutting/cutter.ts';
import { type ArticleEmbeddings, createArticleEmbeddings } from './article-embeddings.ts';
import { type Backlog, createBacklog } from './backlog/backlog.ts';
import { type Batches, createBatches } from './batches.ts';
import { createBuy } from './buy.ts';
import { createBuyMissing } from './buy-missing.ts';
import { createBuyPlanned } from './buy-planned.ts';
import { createCallPlaces } from './call-places.ts';
import { createCheckProvider } from './check-provider.ts';
import { createComplete } from './complete.ts';
import { createEmbeddingCoverage, type EmbeddingCoverage } from './coverage/coverage.ts';
import { createCutOver } from './cut-over.ts';
import { divideCalls } from './divide-calls.ts';
import { createEmbedArticleSteps, type EmbedArticleSteps } from './embed-article.ts';
import { createEmbedAtOnce } from './embed-at-once.ts';
import type { EmbeddingMetrics } from './metrics.ts';
import { createPlanPurchase } from './purchase-plan.ts';
import { createEmbeddingRetries, type EmbeddingRetries } from './retry/retry-all.ts';
import { createStepFailures } from './step-failures.ts';
import { createWithChunks } from './with-chunks.ts';

export interface CreateEmbeddingDeps {
  readonly database: Database;
  readonly audit: Audit;
  readonly outbox: Outbox;
  readonly starter: WorkflowStarter;
  readonly keys: ProviderKeys;
  readonly usage: Usage;
  readonly blocked: BlockedOperations;
  readonly guard: Guard;
  readonly limits: Limits;
  readonly embedding: GuardedEmbedding;
  readonly profiles: EmbeddingProfiles;
  readonly cutter: Cutter;
  readonly metrics: Pick<EmbeddingMetrics, 'hashChecked' | 'chunksBought'>;
  readonly log: Logger;
  /** Provider calls that this process makes at once. */
  readonly slots: Share;
  /** Chunks in one provider call. */
  readonly batchChunks: number;
  /** Timeout of one attempt in a workflow, in milliseconds. */
  readonly attemptTimeoutMs: number;
}

export interface EmbeddingRoom {
  readonly embeddings: ArticleEmbeddings;
  readonly batches: Batches;
  readonly steps: EmbedArticleSteps;
  readonly backlog: Backlog;
  readonly embeddingCoverage: EmbeddingCoverage;
  readonly embeddingRetries: EmbeddingRetries;
}

/** Wires the EmbedArticle walk, the backlog, and the view of how complete the embedding is. */
export function createEmbedding(deps: CreateEmbeddingDeps): EmbeddingRoom {
  const { database, outbox, keys, profiles } = deps;
  const cutOverWhenComplete = createCutOver({ outbox });
  const complete = createComplete({ keys, cutOverWhenComplete });
  const withChunks = createWithChunks(deps);
  const failures = createStepFailures(deps);
  const batches = createBatches(deps);
  const planPurchase = createPlanPurchase({ batches, batchChunks: deps.batchChunks });
  const buyPlanned = createBuyPlanned({
    ...{ database, complete, failures, batches },
    buy: createBuy({ ...deps, timeoutMs: deps.attemptTimeoutMs }),
    checkProvider: createCheckProvider({ ...deps, timeoutMs: deps.attemptTimeoutMs }),
  });
  const places = createCallPlaces({ slots: deps.slots });
  const walk = { ...deps, places, failures, complete, withChunks, planPurchase, buyPlanned };
  return {
    embeddings: createArticleEmbeddings(deps),
    batches,
    steps: divideCalls(
      createEmbedArticleSteps({
        ...walk,
        buyMissing: createBuyMissing(walk),
        embedAtOnce: createEmbedAtOnce(walk),
      }),
      deps.slots,
    ),
    backlog: createBacklog({ ...deps, cutOverWhenComplete }),
    embeddingCoverage: createEmbeddingCoverage({ database, keys, profiles }),
    embeddingRetries: createEmbeddingRetries(deps),
  };
}
