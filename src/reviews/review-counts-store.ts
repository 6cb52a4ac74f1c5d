import { z } from 'zod';
import { reviewStatuses } from '../domain/extract-review.ts';
import type { Transaction } from '../platform/postgres/database.ts';

const countSchema = z.object({ status: z.enum(reviewStatuses), count: z.number() });
/** How many reviews have a status of their extraction. */
export type ReviewCount = z.output<typeof countSchema>;

/** Counts the reviews of all tenants by status. Needs the metrics scope. */
export async function countReviews(tx: Transaction): Promise<ReviewCount[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    'select status, count(*)::int as count from reviews group by status',
  );
  return z.array(countSchema).parse(rows);
}
