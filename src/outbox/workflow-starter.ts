import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import type { EmbedArticleInput } from '../domain/embed-article.ts';
import {
  classifyArticleWorkflowId,
  embedArticleWorkflowId,
  embedBacklogWorkflowId,
  extractReviewWorkflowId,
  ingestContentWorkflowId,
  searchAttributes,
  signals,
  workflowTypes,
} from '../domain/temporal-names.ts';
import type { OutboxRow } from './store.ts';

export interface WorkflowStarter {
  /** Signals the row's workflow, or starts it with the signal. Throws when Temporal does not accept the signal in time. */
  send(row: OutboxRow): Promise<void>;
  /** The same for one article of a backlog, at a lower priority than edits. */
  sendBacklogArticle(tenantId: string, articleId: string): Promise<void>;
}

/** The lower number goes first: an author waits for an edit, a document takes minutes, and an article of a backlog is not urgent. */
const priorities = { edit: 2, job: 3, backlog: 4 };

/** Time for Temporal to accept a signal: a call that hangs occupies one of the few concurrent sends. The relay repeats it. */
const sendDeadlineMs = 2_000;

const tenantAttribute = defineSearchAttributeKey(searchAttributes.tenant, 'KEYWORD');
const articleAttribute = defineSearchAttributeKey(searchAttributes.article, 'KEYWORD');

/**
 * Starts workflows by signal-with-start, so that a change reaches the running workflow of its article or starts one.
 * Alternative that lost: a start with the policy "use existing", which drops a change while the article's workflow is ending.
 */
export function createWorkflowStarter(deps: {
  readonly client: Client;
  readonly taskQueue: string;
}): WorkflowStarter {
  const { client, taskQueue } = deps;

  const sendArticle = (tenantId: string, articleId: string, signal: string, priorityKey: number) =>
    client.workflow.signalWithStart(workflowTypes.embedArticle, {
      taskQueue,
      workflowId: embedArticleWorkflowId(tenantId, articleId),
      args: [{ tenantId, articleId, atOnce: true } satisfies EmbedArticleInput],
      signal,
      signalArgs: [],
      priority: { priorityKey, fairnessKey: tenantId },
      typedSearchAttributes: new TypedSearchAttributes([
        { key: tenantAttribute, value: tenantId },
        { key: articleAttribute, value: articleId },
      ]),
    });

  const sendBacklog = (tenantId: string) =>
    client.workflow.signalWithStart(workflowTypes.embedBacklog, {
      taskQueue,
      workflowId: embedBacklogWorkflowId(tenantId),
      args: [{ tenantId }],
      signal: signals.keyChanged,
      signalArgs: [],
      priority: { priorityKey: priorities.backlog, fairnessKey: tenantId },
      typedSearchAttributes: new TypedSearchAttributes([{ key: tenantAttribute, value: tenantId }]),
    });

  const sendJob = (
    tenantId: string,
    job: {
      readonly type: string;
      readonly workflowId: string;
      readonly ref: Readonly<Record<string, string>>;
    },
  ) =>
    client.workflow.signalWithStart(job.type, {
      taskQueue,
      workflowId: job.workflowId,
      args: [{ tenantId, ...job.ref }],
      signal: signals.jobChanged,
      signalArgs: [],
      priority: { priorityKey: priorities.job, fairnessKey: tenantId },
      typedSearchAttributes: new TypedSearchAttributes([{ key: tenantAttribute, value: tenantId }]),
    });

  const sendRow = ({ tenantId, kind, subjectId }: OutboxRow) => {
    switch (kind) {
      case 'article':
        return sendArticle(tenantId, subjectId, signals.articleChanged, priorities.edit);
      case 'backlog':
        return sendBacklog(tenantId);
      case 'classification':
        return sendJob(tenantId, {
          type: workflowTypes.classifyArticle,
          workflowId: classifyArticleWorkflowId(tenantId, subjectId),
          ref: { articleId: subjectId },
        });
      case 'ingestion':
        return sendJob(tenantId, {
          type: workflowTypes.ingestContent,
          workflowId: ingestContentWorkflowId(tenantId, subjectId),
          ref: { jobId: subjectId },
        });
      case 'review':
        return sendJob(tenantId, {
          type: workflowTypes.extractReview,
          workflowId: extractReviewWorkflowId(tenantId, subjectId),
          ref: { reviewId: subjectId },
        });
      default:
        return kind satisfies never;
    }
  };

  const within = async (send: () => Promise<unknown>) => {
    await client.withDeadline(Date.now() + sendDeadlineMs, send);
  };

  return {
    send: (row) => within(async () => sendRow(row)),
    sendBacklogArticle: (tenantId, articleId) =>
      within(() => sendArticle(tenantId, articleId, signals.keyChanged, priorities.backlog)),
  };
}
