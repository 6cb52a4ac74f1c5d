import type { Transaction } from '../../platform/postgres/database.ts';
import { listWithDocument } from './document-store.ts';
import type { Job, JobWithTotals, PartTotals } from './job.ts';
import { countParts } from './part-store.ts';

const nothing: PartTotals = {
  ...{ parts: 0, done: 0, leftOut: 0, failed: 0 },
  ...{ articles: 0, inputTokens: 0, outputTokens: 0 },
};

/** Adds to jobs what is known of their parts and documents, by two statements for all of them. */
export async function withTotals(
  tx: Transaction,
  tenantId: string,
  jobs: readonly Job[],
): Promise<JobWithTotals[]> {
  const ids = jobs.map(({ id }) => id);
  const [totals, withDocument] = await Promise.all([
    countParts(tx, tenantId, ids),
    listWithDocument(tx, tenantId, ids),
  ]);
  return jobs.map((job) => ({
    ...job,
    totals: totals.get(job.id) ?? nothing,
    hasDocument: withDocument.has(job.id),
  }));
}

/** The same for one job. */
export async function withTotalsOf(tx: Transaction, tenantId: string, job: Job): Promise<JobWithTotals> {
  const [found] = await withTotals(tx, tenantId, [job]);
  return found ?? { ...job, totals: nothing, hasDocument: false };
}
