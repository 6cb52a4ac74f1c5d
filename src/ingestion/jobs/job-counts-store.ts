import { z } from 'zod';
import { jobStatuses } from '../../domain/extract-content.ts';
import type { Transaction } from '../../platform/postgres/database.ts';

const countSchema = z.object({ status: z.enum(jobStatuses), count: z.number() });
/** How many jobs have a status. */
export type JobCount = z.output<typeof countSchema>;

/** Counts the jobs of all tenants by status. Needs the metrics scope. */
export async function countJobs(tx: Transaction): Promise<JobCount[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    'select status, count(*)::int as count from ingestion_jobs group by status',
  );
  return z.array(countSchema).parse(rows);
}
