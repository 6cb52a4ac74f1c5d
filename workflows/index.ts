export { ClassifyArticle } from './ClassifyArticle.ts';
export { EmbedArticle } from './EmbedArticle.ts';
export { EmbedBacklog } from './EmbedBacklog.ts';
export { ExtractReview } from './ExtractReview.ts';
export { IngestContent } from './IngestContent.ts';
export { Reconcile } from './Reconcile.ts';
