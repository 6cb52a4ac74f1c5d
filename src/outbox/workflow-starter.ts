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
  /** Signals the row's workflow, or starts it with the signal. Throws when Temporal does not accept it in time. */
  send(row: OutboxRow): Promise<void>;
  /** The same for one article of a backlog, which lets edits go first. */
  sendBacklogArticle(tenantId: string, articleId: string): Promise<void>;
}

/** Lower goes first. An author waits for an edit; nobody waits for one article of a backlog. */
const priorities = { edit: 2, backlog: 4 };

/** How long Temporal may take to accept a signal: a call that hangs occupies one of the few sends. The relay repeats it. */
const sendDeadlineMs = 2_000;

const tenantAttribute = defineSearchAttributeKey(searchAttributes.tenant, 'KEYWORD');
const articleAttribute = defineSearchAttributeKey(searchAttributes.article, 'KEYWORD');

/**
 * Starts workflows by signal-with-start, so that a change finds the running workflow of its article or makes it. A start
 * with the policy "use existing" lost: the change of an article whose workflow is just ending would be dropped.
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
