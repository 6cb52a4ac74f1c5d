import type { Audit } from '../audit/service.ts';
import type { ArticleEmbeddings } from '../embedding/article-embeddings.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Share } from '../platform/shares/share.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import type { Gate } from '../proposals/gate.ts';
import type { ProposalMetrics } from '../proposals/metrics.ts';
import type { GuardedAnthropic } from '../providers/anthropic/guarded-anthropic.ts';
import type { BlockedOperations } from '../usage/blocked-operations.ts';
import type { WordIndex } from '../words/word-index.ts';
import type { WordVersions } from '../words/word-versions.ts';
import { createClassifications } from './classification/classifications.ts';
import { type ClassifyArticleSteps, createClassifyArticleSteps } from './classification/classify-article.ts';
import { createWaitingClassifications, type WaitingClassifications } from './classification/waiting.ts';
import { createMerging, type Merging } from './merging/merging.ts';
import { createWriteRecords } from './record-write.ts';
import { createRewriting, type Rewriting } from './rewriting/rewriting.ts';
import { type Articles, createArticles } from './service.ts';

export interface CreateArticlesDeps {
  readonly database: Database;
  readonly audit: Audit;
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly embeddings: ArticleEmbeddings;
  readonly gate: Gate;
  readonly anthropic: Pick<GuardedAnthropic, 'ask'>;
  readonly blocked: BlockedOperations;
  readonly wordIndex: WordIndex;
  readonly wordVersions: WordVersions;
  readonly metrics: Pick<ProposalMetrics, 'gateDecided'>;
  readonly log: Pick<Logger, 'warn'>;
  /** Provider calls that this process makes at once. */
  readonly slots: Pick<Share, 'acquire'>;
}

export interface ArticlesRoom {
  readonly articles: Articles;
  readonly merging: Merging;
  readonly classifySteps: ClassifyArticleSteps;
  readonly waitingClassifications: WaitingClassifications;
  readonly rewriting: Rewriting;
}

/** Wires the articles, the classification of those without a category, and the merging of two. */
export function createArticlesRoom(deps: CreateArticlesDeps): ArticlesRoom {
  const classifications = createClassifications(deps);
  const records = createWriteRecords({ ...deps, classifications });
  return {
    articles: createArticles({ ...deps, classifications, records }),
    merging: createMerging({ ...deps, records }),
    classifySteps: createClassifyArticleSteps({ ...deps, records }),
    waitingClassifications: createWaitingClassifications(deps),
    rewriting: createRewriting(deps),
  };
}
