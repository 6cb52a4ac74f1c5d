import type { AuditAction } from '../audit/actions.ts';
import type { ArticleStatus } from './article.ts';

/** A change of status. */
export type TransitionName = 'publish' | 'unpublish' | 'archive';

interface Transition {
  readonly from: readonly ArticleStatus[];
  readonly to: ArticleStatus;
  readonly auditAction: AuditAction;
}

/** The life of an article: draft and published change into each other, and both into archived, which is final. */
export const transitions: Readonly<Record<TransitionName, Transition>> = {
  publish: { from: ['draft'], to: 'published', auditAction: 'article.published' },
  unpublish: { from: ['published'], to: 'draft', auditAction: 'article.unpublished' },
  archive: { from: ['draft', 'published'], to: 'archived', auditAction: 'article.archived' },
};
