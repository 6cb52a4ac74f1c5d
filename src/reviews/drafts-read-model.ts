import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';
import type { Drafts } from './review.ts';

const rowSchema = z.object({
  subject_id: z.string(),
  article_ids: z.array(z.string()).nullable(),
  duplicates: z.number(),
  failed: z.number(),
});

const none: Drafts = { articleIds: [], duplicates: 0, failed: 0 };

/** Reads by one statement what was made of these reviews. */
export async function readDrafts(
  tx: Transaction,
  tenantId: string,
  reviewIds: readonly string[],
): Promise<(reviewId: string) => Drafts> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select subject_id,
            array_agg(article_id order by part, half, number) filter (where outcome = 'created') as article_ids,
            (count(*) filter (where outcome = 'duplicate'))::int as duplicates,
            (count(*) filter (where outcome in ('invalid', 'failed')))::int as failed
       from extraction_articles
      where tenant_id = :tenantId and subject_kind = 'review' and subject_id = any(:reviewIds::uuid[])
      group by subject_id`,
    { tenantId, reviewIds: [...reviewIds] },
  );
  const byReview = new Map(
    z
      .array(rowSchema)
      .parse(rows)
      .map(({ subject_id, article_ids, duplicates, failed }): [string, Drafts] => [
        subject_id,
        { articleIds: article_ids ?? [], duplicates, failed },
      ]),
  );
  return (reviewId) => byReview.get(reviewId) ?? none;
}
