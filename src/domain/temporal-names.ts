/** The workflow types, by the names that operators see in Temporal. */
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

/** The id of an article's workflow: each article has one workflow. */
export function embedArticleWorkflowId(tenantId: string, articleId: string): string {
  return `embed-article/${tenantId}/${articleId}`;
}

/** The id of a tenant's backlog workflow: each tenant has one. */
export function embedBacklogWorkflowId(tenantId: string): string {
  return `embed-backlog/${tenantId}`;
}
