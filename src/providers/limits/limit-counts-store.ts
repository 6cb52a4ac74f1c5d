import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';

const countSchema = z.object({ provider: z.string(), by: z.string(), count: z.number() });
/** How many keys of a provider are paused. */
export type PausedCount = z.output<typeof countSchema>;

/** Counts the paused keys of all tenants, for the metrics scope. */
export async function countPaused(tx: Transaction): Promise<PausedCount[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select provider, paused_by as by, count(*)::int as count
       from provider_limits where paused_until > now() group by 1, 2`,
  );
  return z.array(countSchema).parse(rows);
}
