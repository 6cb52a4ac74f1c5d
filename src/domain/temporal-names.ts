/** Names that an operator meets in Temporal: workflow types, ids, signals, search attributes. */
export const workflowTypes = {
  embedArticle: 'EmbedArticle',
  embedBacklog: 'EmbedBacklog',
  reconcile: 'Reconcile',
} as const;

export const signals = { articleChanged: 'articleChanged', keyChanged: 'keyChanged' } as const;

export const searchAttributes = {
  tenant: 'LorekeepTenant',
  article: 'LorekeepArticle',
  outcome: 'LorekeepOutcome',
} as const;

export const reconcileScheduleId = 'reconcile';

/** The one workflow of an article. */
export function embedArticleWorkflowId(tenantId: string, articleId: string): string {
  return `embed-article/${tenantId}/${articleId}`;
}

/** The one backlog run of a tenant. */
export function embedBacklogWorkflowId(tenantId: string): string {
  return `embed-backlog/${tenantId}`;
}
