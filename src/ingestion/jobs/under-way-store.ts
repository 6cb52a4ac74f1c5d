import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';

/** What a tenant has under way. */
export interface UnderWay {
  readonly jobs: number;
  /** The bytes of their documents as they came. */
  readonly bytes: number;
}

const counted = z.tuple([z.object({ jobs: z.coerce.number(), bytes: z.coerce.number() })]);

/**
 * Counts what the tenant has under way, and lets no other transaction begin a job of the tenant until this one ends: the bound holds
 * for requests at the same time, too. Alternative that lost: a row with the sums, which each step of each job would have to update.
 */
export async function lockUnderWay(tx: Transaction, tenantId: string): Promise<UnderWay> {
  await tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`ingestion ${tenantId}`]);
  return countUnderWay(tx, tenantId);
}

/** Counts what the tenant has under way. */
export async function countUnderWay(tx: Transaction, tenantId: string): Promise<UnderWay> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select count(*) as jobs, coalesce(sum(source_bytes), 0) as bytes
       from ingestion_jobs where tenant_id = :tenantId and status in ('queued', 'running')`,
    { tenantId },
  );
  return counted.parse(rows)[0];
}

const ids = z.array(z.string());

/** Lists the jobs of the tenant that are under way. They are few. */
export async function listUnderWay(tx: Transaction, tenantId: string): Promise<string[]> {
  return ids.parse(
    await tx('ingestion_jobs')
      .where({ tenant_id: tenantId })
      .whereIn('status', ['queued', 'running'])
      .orderBy('created_at')
      .pluck('id'),
  );
}
