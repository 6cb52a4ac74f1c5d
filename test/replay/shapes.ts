import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { toApplicationFailure } from '../../activities/failure.ts';
import type { Activities } from '../../activities/index.ts';
import type { ClassificationStep } from '../../src/domain/classify-article.ts';
import type { Generated, HashCheck, ResolvedKey } from '../../src/domain/embed-article.ts';
import type { DraftedPassage, ExtractedPassage, PreparedReview } from '../../src/domain/extract-review.ts';
import type { Extracted, Finished, Prepared } from '../../src/domain/ingest-content.ts';
import { retryForMs } from '../../src/domain/retry-waits.ts';
import {
  embedBacklogWorkflowId,
  reconcileScheduleId,
  signals,
  workflowTypes,
} from '../../src/domain/temporal-names.ts';
import { completed, ingestionFakes, prepared, startIngestContent } from '../support/ingestion-fakes.ts';
import { reviewFakes, startExtractReview } from '../support/review-fakes.ts';
import type { WorkflowTest } from '../support/workflow-environment.ts';
import { fakes, sequence, startClassifyArticle, startEmbedArticle } from '../support/workflow-fakes.ts';

/** One way that a run can go: what its activities answer, and what happens to it meanwhile. */
export interface Shape {
  readonly name: string;
  readonly activities: Partial<Activities>;
  run(test: WorkflowTest, taskQueue: string): Promise<WorkflowHandle>;
}

const embedded: Generated = { kind: 'embedded', chunks: 1, inputTokens: 5 };

const article = (
  name: string,
  activities: Partial<Activities> = {},
  meanwhile: (handle: WorkflowHandle) => Promise<void> = async () => undefined,
): Shape => ({
  name,
  activities: fakes(activities).activities,
  async run(test, taskQueue) {
    const handle = await startEmbedArticle(test, taskQueue, {
      tenantId: randomUUID(),
      articleId: randomUUID(),
    });
    await meanwhile(handle);
    await handle.result().catch(() => undefined);
    return handle;
  },
});

/** A run that tries the whole walk in one step first. */
const atOnce = (
  name: string,
  activities: Partial<Activities> = {},
  meanwhile: (handle: WorkflowHandle) => Promise<void> = async () => undefined,
): Shape => ({
  name: `article-at-once-${name}`,
  activities: fakes(activities).activities,
  async run(test, taskQueue) {
    const ref = { tenantId: randomUUID(), articleId: randomUUID() };
    const handle = await startEmbedArticle(test, taskQueue, { ...ref, atOnce: true });
    await meanwhile(handle);
    await handle.result().catch(() => undefined);
    return handle;
  },
});

const classification = (
  name: string,
  classifyArticle: Activities['classifyArticle'],
  meanwhile: (handle: WorkflowHandle) => Promise<void> = async () => undefined,
): Shape => ({
  name: `classification-${name}`,
  activities: fakes({ classifyArticle }).activities,
  async run(test, taskQueue) {
    const handle = await startClassifyArticle(test, taskQueue, {
      tenantId: randomUUID(),
      articleId: randomUUID(),
    });
    await meanwhile(handle);
    await handle.result().catch(() => undefined);
    return handle;
  },
});

const document = (
  name: string,
  activities: Partial<Activities> = {},
  meanwhile: (handle: WorkflowHandle) => Promise<void> = async () => undefined,
): Shape => ({
  name: `document-${name}`,
  activities: ingestionFakes(activities).activities,
  async run(test, taskQueue) {
    const handle = await startIngestContent(test, taskQueue);
    await meanwhile(handle);
    await handle.result().catch(() => undefined);
    return handle;
  },
});

const review = (name: string, activities: Partial<Activities> = {}): Shape => ({
  name,
  activities: reviewFakes(activities).activities,
  async run(test, taskQueue) {
    const handle = await startExtractReview(test, taskQueue);
    await handle.result().catch(() => undefined);
    return handle;
  },
});

const check = (answer: HashCheck): Partial<Activities> => ({ checkContentHash: async () => answer });

/** Every way through the workflows. A new branch in one of them wants a shape here. */
export const shapes: readonly Shape[] = [
  article('article-embedded'),
  article('article-keyless', { resolveEmbeddingKey: async () => ({ kind: 'no_api_key' }) }),
  article('article-unchanged', check({ kind: 'unchanged', chunks: 2 })),
  article('article-not-published', check({ kind: 'not_published' })),
  article('article-gone', check({ kind: 'gone' })),
  article('article-in-batches', {
    generateEmbedding: sequence<Generated>(
      { kind: 'more', missingChunks: 2, inputTokens: 9 },
      { kind: 'more', missingChunks: 1, inputTokens: 9 },
      embedded,
    ),
  }),
  article('article-rejected', {
    generateEmbedding: async () => {
      throw toApplicationFailure({ code: 'credential_rejected' });
    },
  }),
  article('article-waited-for-provider', {
    generateEmbedding: sequence<Generated>(
      { kind: 'waits', code: 'provider_unavailable', retryInMs: 2_000 },
      { kind: 'waits', code: 'provider_rate_limited', retryInMs: 300_000 },
      embedded,
    ),
  }),
  article('article-waited-for-vault', {
    resolveEmbeddingKey: sequence<ResolvedKey>(
      { kind: 'waits', code: 'vault_unavailable', retryInMs: 30_000 },
      { kind: 'reference', key: { provider: 'embedding', model: 'm', keyVersion: 1, targetId: 't' } },
    ),
  }),
  article('article-threw', {
    generateEmbedding: sequence<Generated>(
      ...Array.from({ length: 5 }, () => toApplicationFailure({ code: 'internal' })),
      embedded,
    ),
  }),
  {
    ...article('article-given-up', {
      generateEmbedding: async () => ({ kind: 'waits', code: 'provider_unavailable', retryInMs: 300_000 }),
    }),
    async run(test, taskQueue) {
      // The run that continues one of nearly a day.
      const sinceMs = (await test.env.currentTimeMs()) - retryForMs + 60_000;
      const handle = await test.env.client.workflow.start(workflowTypes.embedArticle, {
        taskQueue,
        workflowId: `given-up-${randomUUID()}`,
        args: [
          { tenantId: randomUUID(), articleId: randomUUID() },
          { tries: 9, sinceMs },
        ],
      });
      await handle.result().catch(() => undefined);
      return handle;
    },
  },
  article('article-waited-for-breaker', {
    generateEmbedding: sequence<Generated>(
      { kind: 'waits', code: 'circuit_open', retryInMs: 30_000 },
      embedded,
    ),
  }),
  article('article-waited-for-limit', {
    generateEmbedding: sequence<Generated>(
      { kind: 'waits', code: 'provider_rate_limited', retryInMs: 20_000, called: false },
      { kind: 'waits', code: 'provider_rate_limited', retryInMs: 1, called: false },
      embedded,
    ),
  }),
  article('article-waited-for-slot', {
    generateEmbedding: sequence<Generated>(
      { kind: 'busy', retryInMs: 1_000 },
      { kind: 'busy', retryInMs: 1_000 },
      { kind: 'more', missingChunks: 1, inputTokens: 9 },
      { kind: 'busy', retryInMs: 1_000 },
      embedded,
    ),
  }),
  article('article-waited-for-other-buyer', {
    generateEmbedding: sequence<Generated>(
      { kind: 'more', missingChunks: 1, inputTokens: 9 },
      { kind: 'claimed', retryInMs: 1_000 },
      { kind: 'claimed', retryInMs: 1_000 },
      { kind: 'embedded', chunks: 2, inputTokens: 0 },
    ),
  }),
  article('article-changed-under-the-call', {
    generateEmbedding: sequence<Generated>({ kind: 'changed' }, embedded),
  }),
  article(
    'article-edited-meanwhile',
    {
      generateEmbedding: async () => {
        await new Promise((resolve) => setTimeout(resolve, 500));
        return embedded;
      },
    },
    async (handle) => {
      await handle.signal(signals.articleChanged);
      await handle.signal(signals.articleChanged);
    },
  ),
  atOnce('embedded'),
  atOnce('keyless', { embedArticle: async () => ({ kind: 'no_api_key' }) }),
  atOnce('unchanged', { embedArticle: async () => ({ kind: 'unchanged', model: 'm', chunks: 2 }) }),
  atOnce('then-in-batches', { embedArticle: async () => ({ kind: 'more', inputTokens: 9 }) }),
  atOnce('waited-for-slot', {
    embedArticle: sequence<Awaited<ReturnType<Activities['embedArticle']>>>(
      { kind: 'busy', retryInMs: 1_000 },
      { kind: 'claimed', retryInMs: 1_000 },
      { kind: 'embedded', model: 'm', chunks: 1, inputTokens: 5 },
    ),
  }),
  atOnce('waited-for-provider', {
    embedArticle: async () => ({ kind: 'waits', code: 'provider_unavailable', retryInMs: 2_000 }),
  }),
  atOnce('unusable', {
    embedArticle: async () => ({
      kind: 'unusable',
      key: { provider: 'embedding', model: 'm', keyVersion: 1, targetId: 't' },
      contentHash: 'h',
    }),
  }),
  classification('done', async () => ({ kind: 'classified' })),
  classification('gone', async () => ({ kind: 'gone' })),
  classification('keyless', async () => ({ kind: 'no_api_key' })),
  classification(
    'changed',
    sequence<ClassificationStep>(
      { kind: 'changed' },
      { kind: 'busy', retryInMs: 1_000 },
      { kind: 'classified' },
    ),
  ),
  classification(
    'waited',
    sequence<ClassificationStep>(
      { kind: 'waits', code: 'provider_unavailable', retryInMs: 2_000 },
      { kind: 'waits', code: 'circuit_open', retryInMs: 30_000 },
      { kind: 'waits', code: 'provider_rate_limited', retryInMs: 20_000, called: false },
      { kind: 'classified' },
    ),
  ),
  classification('rejected', async () => {
    throw toApplicationFailure({ code: 'credential_rejected' });
  }),
  classification(
    'woken',
    sequence<ClassificationStep>(
      { kind: 'waits', code: 'provider_unavailable', retryInMs: 300_000 },
      { kind: 'classified' },
    ),
    (handle) => handle.signal(signals.jobChanged),
  ),
  review('review-drafted', { prepareReview: async () => ({ kind: 'ready', passages: [0, 1] }) }),
  review('review-keyless', { prepareReview: async () => ({ kind: 'no_api_key' }) }),
  review('review-gone', { prepareReview: async () => ({ kind: 'gone' }) }),
  review('review-ended-before', {
    prepareReview: async () => ({ kind: 'ended', result: { outcome: 'completed', passages: 1 } }),
  }),
  review('review-in-halves', {
    extractReviewPassage: sequence<ExtractedPassage>(
      { kind: 'unusable', code: 'answer_cut' },
      { kind: 'answered', articles: 1 },
      { kind: 'unusable', code: 'answer_refused' },
    ),
  }),
  review('review-rejected', {
    extractReviewPassage: async () => {
      throw toApplicationFailure({ code: 'credential_rejected' });
    },
  }),
  review('review-key-removed', {
    prepareReview: sequence<PreparedReview>({ kind: 'ready', passages: [0] }, { kind: 'no_api_key' }),
    extractReviewPassage: async () => {
      throw toApplicationFailure({ code: 'no_api_key' });
    },
  }),
  review('review-waited', {
    prepareReview: sequence<PreparedReview>(
      { kind: 'waits', code: 'vault_unavailable', retryInMs: 30_000 },
      { kind: 'ready', passages: [0] },
    ),
    extractReviewPassage: sequence<ExtractedPassage>(
      { kind: 'busy', retryInMs: 1_000 },
      { kind: 'claimed', retryInMs: 1_000 },
      { kind: 'waits', code: 'provider_unavailable', retryInMs: 20_000 },
      { kind: 'answered', articles: 1 },
    ),
    draftReviewArticles: sequence<DraftedPassage>(
      { kind: 'waits', code: 'vault_unavailable', retryInMs: 30_000 },
      { kind: 'drafted' },
    ),
  }),
  {
    name: 'backlog',
    activities: {
      startBacklogPage: sequence({ started: 50, afterId: randomUUID() }, { started: 3 }),
      settleBacklog: sequence(
        { pending: 400, underWay: 300 },
        { pending: 53, underWay: 10 },
        { pending: 2, underWay: 2 },
        { pending: 0, underWay: 0 },
      ),
    },
    async run(test, taskQueue) {
      const tenantId = randomUUID();
      const handle = await test.env.client.workflow.signalWithStart(workflowTypes.embedBacklog, {
        taskQueue,
        workflowId: embedBacklogWorkflowId(tenantId),
        args: [{ tenantId }],
        signal: signals.keyChanged,
        signalArgs: [],
      });
      await handle.result();
      return handle;
    },
  },
  {
    name: 'reconcile',
    activities: {
      closeAbandonedCalls: async () => 1,
      requeueForgotten: async () => 2,
      rewriteWords: async () => 0,
      deleteExpired: async () => 4,
      relayOutbox: sequence({ sent: 100, failed: 0, more: true }, { sent: 7, failed: 1, more: false }),
    },
    run: reconciliation,
  },
  {
    name: 'reconcile-words',
    activities: {
      closeAbandonedCalls: async () => 0,
      requeueForgotten: async () => 0,
      rewriteWords: async () => 20,
      deleteExpired: async () => 0,
      relayOutbox: async () => ({ sent: 0, failed: 0, more: false }),
    },
    run: reconciliation,
  },
  document('ingested', { prepareDocument: async () => prepared(3) }),
  document('cut-in-halves', { extractPart: sequence<Extracted>({ kind: 'cut' }, { kind: 'extracted' }) }),
  document('partial', {
    extractPart: async () => ({ kind: 'settled' }),
    finishJob: async () => ({ ...completed, status: 'partial', code: 'answer_refused' }),
  }),
  document('unreadable', {
    async prepareDocument() {
      throw toApplicationFailure({ code: 'unsupported_content' });
    },
    finishJob: async () => ({ ...completed, status: 'failed', code: 'unsupported_content' }),
  }),
  document('stopped-by-key', {
    async extractPart() {
      throw toApplicationFailure({ code: 'credential_rejected' });
    },
    finishJob: async () => ({ ...completed, status: 'failed', code: 'credential_rejected' }),
  }),
  document('waited-for-provider', {
    prepareDocument: async () => prepared(2),
    extractPart: sequence<Extracted>({ kind: 'passing', code: 'provider_timeout' }, { kind: 'extracted' }),
  }),
  document('waited-for-breaker', {
    extractPart: sequence<Extracted>(
      { kind: 'passing', code: 'circuit_open', retryAfterMs: 30_000 },
      { kind: 'extracted' },
    ),
  }),
  document('waited-for-vault', {
    prepareDocument: sequence<Prepared>({ kind: 'passing', code: 'vault_unavailable' }, prepared(1)),
  }),
  document('waited-for-slot', {
    prepareDocument: sequence<Prepared>({ kind: 'busy', retryInMs: 2_000 }, prepared(1)),
    extractPart: sequence<Extracted>(
      { kind: 'busy', retryInMs: 1_000 },
      { kind: 'again' },
      { kind: 'extracted' },
    ),
  }),
  document('given-up', {
    extractPart: async () => ({ kind: 'passing', code: 'provider_unavailable' }),
    finishJob: async () => ({ ...completed, status: 'failed', code: 'provider_unavailable' }),
  }),
  document('cancelled', {
    extractPart: async () => ({ kind: 'ended' }),
    finishJob: async () => ({ ...completed, status: 'cancelled' }),
  }),
  document('gone', {
    prepareDocument: async () => ({ kind: 'ended' }),
    finishJob: async () => ({ kind: 'gone' }),
  }),
  document('asked-for-again', {
    finishJob: sequence<Finished>({ kind: 'changed' }, completed),
  }),
];

async function reconciliation(test: WorkflowTest, taskQueue: string): Promise<WorkflowHandle> {
  const handle = await test.env.client.workflow.start(workflowTypes.reconcile, {
    taskQueue,
    workflowId: `${reconcileScheduleId}-${randomUUID()}`,
    args: [],
  });
  await handle.result();
  return handle;
}
