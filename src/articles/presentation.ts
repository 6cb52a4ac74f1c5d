import { guidanceOf } from '../domain/failures.ts';
import type { GateReport } from '../proposals/decision.ts';
import type { ArticleWithEmbedding, LinkedArticle } from './article.ts';
import type { Created } from './article-creation.ts';
import type { ArticleField } from './schemas.ts';

/** An article as clients see it. */
export function presentArticle(article: ArticleWithEmbedding) {
  const { embedding, classification } = article;
  return {
    id: article.id,
    title: article.title,
    body: article.body,
    category: article.category,
    tags: article.tags,
    status: article.status,
    source_type: article.sourceType,
    language: article.language,
    metadata: article.metadata,
    revision: article.revision,
    created_at: article.createdAt.toISOString(),
    updated_at: article.updatedAt.toISOString(),
    classification: classification && {
      status: classification.status,
      reason: classification.reason,
      ...guidanceOf(classification.reason),
      confidence: classification.confidence,
      classified_at: classification.classifiedAt?.toISOString() ?? null,
    },
    embedding: {
      status: embedding.status,
      reason: embedding.reason,
      ...guidanceOf(embedding.reason),
      model: embedding.model,
      dimensions: embedding.dimensions,
      chunks: embedding.chunks,
      rejected_chunks: embedding.rejectedChunks,
      content_hash: embedding.contentHash,
      embedded_at: embedding.embeddedAt?.toISOString() ?? null,
      next_attempt_at: embedding.nextAttemptAt?.toISOString() ?? null,
      workflow_id: embedding.workflowId,
    },
  };
}

/** One article with its links, as clients see it. */
export function presentLinked({ links, ...article }: LinkedArticle) {
  return { ...presentArticle(article), links };
}

/** Those fields of an article that the client asks for, and its id; all of them unless it names some. */
export function presentFields(article: ArticleWithEmbedding, fields: readonly ArticleField[] | undefined) {
  const whole = presentArticle(article);
  if (fields === undefined) return whole;
  return Object.fromEntries(
    Object.entries(whole).filter(([name]) => name === 'id' || fields.some((field) => field === name)),
  );
}

/** The result of a proposal as its author sees it. */
export function presentCreated({ kind, article, gate }: Created) {
  return {
    data: presentArticle(article),
    meta: { ...(kind === 'duplicate' ? { deduplicated: true } : {}), gate: presentGate(gate) },
  };
}

function presentGate({ retryAt, ...report }: GateReport) {
  return {
    ...report,
    ...(report.reason === null ? {} : guidanceOf(report.reason)),
    ...(retryAt ? { retry_at: retryAt.toISOString() } : {}),
  };
}
