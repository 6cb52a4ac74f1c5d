/** The workflow types, by the names that operators see in Temporal. */
export const workflowTypes = {
  embedArticle: 'EmbedArticle',
  embedBacklog: 'EmbedBacklog',
  classifyArticle: 'ClassifyArticle',
  ingestContent: 'IngestContent',
  extractReview: 'ExtractReview',
  reconcile: 'Reconcile',
} as const;

export const signals = {
  articleChanged: 'articleChanged',
  keyChanged: 'keyChanged',
  /** A job was cancelled, or what failed of it is asked for again. */
  jobChanged: 'jobChanged',
} as const;

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

/** The id of the workflow that finds the category of an article. */
export function classifyArticleWorkflowId(tenantId: string, articleId: string): string {
  return `classify-article/${tenantId}/${articleId}`;
}

/** The id of the workflow of an ingestion job: each job has one. */
export function ingestContentWorkflowId(tenantId: string, jobId: string): string {
  return `ingest/${tenantId}/${jobId}`;
}

/** The id of the workflow that drafts the knowledge of a review. */
export function extractReviewWorkflowId(tenantId: string, reviewId: string): string {
  return `review/${tenantId}/${reviewId}`;
}
