import { z } from 'zod';
import { type EmbeddingStatus, embeddingStatuses } from '../domain/embedding-status.ts';
import { embedArticleWorkflowId } from '../domain/temporal-names.ts';
import type { Transaction } from '../platform/postgres/database.ts';

/** An article's embedding as clients see it (`embedding` in the article). */
export interface EmbeddingState {
  readonly status: EmbeddingStatus;
  readonly reason: string | null;
  readonly model: string | null;
  readonly dimensions: number | null;
  readonly chunks: number | null;
  /** Some of the chunks that the provider refuses alone, of an article that is embedded in part or not at all because of them. */
  readonly rejectedChunks: readonly { readonly heading: string; readonly code: 'input_rejected' }[];
  readonly contentHash: string | null;
  readonly embeddedAt: Date | null;
  readonly nextAttemptAt: Date | null;
  readonly workflowId: string;
}

const stateRowSchema = z.object({
  article_id: z.string(),
  status: z.enum(embeddingStatuses),
  reason: z.string().nullable(),
  model: z.string().nullable(),
  dimensions: z.number().nullable(),
  chunks: z.number().nullable(),
  rejected_chunks: z.array(z.object({ heading: z.string() })),
  content_hash: z.string().nullable(),
  embedded_at: z.date().nullable(),
  next_attempt_at: z.date().nullable(),
});

/** The state of an article that nothing has been embedded of. */
export function newState({
  tenantId,
  articleId,
  published,
}: {
  readonly tenantId: string;
  readonly articleId: string;
  readonly published: boolean;
}): EmbeddingState {
  return {
    status: published ? 'pending' : 'not_applicable',
    ...{ reason: null, model: null, dimensions: null, chunks: null, rejectedChunks: [] },
    ...{ contentHash: null, embeddedAt: null, nextAttemptAt: null },
    workflowId: embedArticleWorkflowId(tenantId, articleId),
  };
}

/** Lists the embedding states of these articles, by article id. */
export async function listStates(
  tx: Transaction,
  tenantId: string,
  articleIds: readonly string[],
): Promise<Map<string, EmbeddingState>> {
  const rows = await tx.prepared(
    `select e.article_id, e.status, e.reason, s.model, s.dimensions, e.chunks, e.rejected_chunks,
            e.content_hash, e.embedded_at, e.next_attempt_at
       from article_embeddings e
       left join embedding_spaces s on s.tenant_id = e.tenant_id and s.id = e.space_id
      where e.tenant_id = $1 and e.article_id = any($2::uuid[])`,
    [tenantId, articleIds],
  );
  return new Map(
    z
      .array(stateRowSchema)
      .parse(rows)
      .map((row) => [
        row.article_id,
        {
          status: row.status,
          reason: row.reason,
          model: row.model,
          dimensions: row.dimensions,
          chunks: row.chunks,
          rejectedChunks: showsRejected(row)
            ? row.rejected_chunks.map(({ heading }) => ({ heading, code: 'input_rejected' as const }))
            : [],
          contentHash: row.content_hash,
          embeddedAt: row.embedded_at,
          nextAttemptAt: row.next_attempt_at,
          workflowId: embedArticleWorkflowId(tenantId, row.article_id),
        },
      ]),
  );
}

/** The rejected chunks of a text that is embedded anew are not known yet. */
const showsRejected = ({ status, reason }: z.output<typeof stateRowSchema>) =>
  status === 'partial' || (status === 'failed' && reason === 'input_rejected');
