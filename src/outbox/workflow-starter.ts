import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import {
  embedArticleWorkflowId,
  embedBacklogWorkflowId,
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

/** The lower number goes first: an author waits for an edit, while an article of a backlog is not urgent. */
const priorities = { edit: 2, backlog: 4 };

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
      args: [{ tenantId, articleId }],
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

  const within = async (send: () => Promise<unknown>) => {
    await client.withDeadline(Date.now() + sendDeadlineMs, send);
  };

  return {
    send: ({ tenantId, kind, subjectId }) =>
      within(() =>
        kind === 'article'
          ? sendArticle(tenantId, subjectId, signals.articleChanged, priorities.edit)
          : sendBacklog(tenantId),
      ),
    sendBacklogArticle: (tenantId, articleId) =>
      within(() => sendArticle(tenantId, articleId, signals.keyChanged, priorities.backlog)),
  };
}
