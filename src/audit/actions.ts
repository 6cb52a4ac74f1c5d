import { tenantAuditActions } from '../tenants/audit-trail.ts';

/** The closed list of actions in the audit log. A row's action is written with this type, so no other can be appended. */
export const auditActions = [
  ...tenantAuditActions,
  'article.created',
  'article.deduplicated',
  'article.updated',
  'article.published',
  'article.unpublished',
  'article.archived',
  'article.classified',
  'article.merged',
  'article.embedding_retried',
  'knowledge.embeddings_retried',
  'review.created',
  'review.retried',
  'review.extracted',
  'llm_config.updated',
  'llm_config.key_set',
  'llm_config.key_removed',
  'llm_config.key_rejected',
  'llm_config.embedding_key_set',
  'llm_config.embedding_key_removed',
  'llm_config.embedding_key_rejected',
  'llm.blocked_no_api_key',
  'llm.budget_reached',
  'provider.breaker_reset',
] as const;
export type AuditAction = (typeof auditActions)[number];
