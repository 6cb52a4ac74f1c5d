import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

const countSchema = z.object({ status: z.string(), reason: z.string().nullable(), count: z.number() });
/** How many articles have a status for a reason. */
export type StatusCount = z.output<typeof countSchema>;

/**
 * Counts the articles of all tenants by status, and by reason where they are blocked or failed. For the metrics scope.
 */
export async function countByStatus(tx: Transaction): Promise<StatusCount[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select status, case when status in ('blocked', 'failed') then reason end as reason, count(*)::int as count
       from article_embeddings group by 1, 2`,
  );
  return z.array(countSchema).parse(rows);
}
