export { EmbedArticle } from './EmbedArticle.ts';
export { EmbedBacklog } from './EmbedBacklog.ts';
export { IngestContent } from './IngestContent.ts';
export { Reconcile } from './Reconcile.ts';
