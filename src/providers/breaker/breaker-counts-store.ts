import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';

const countSchema = z.object({ provider: z.string(), state: z.string(), count: z.number() });
/** How many breakers of a provider are in a state. */
export type BreakerCount = z.output<typeof countSchema>;

/** Counts the breakers of all tenants by provider and state, for the metrics scope. */
export async function countBreakers(tx: Transaction): Promise<BreakerCount[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select provider, count(*)::int as count,
            case when open_until is null then 'closed' when open_until > now() then 'open' else 'half_open' end as state
       from breakers group by 1, 3`,
  );
  return z.array(countSchema).parse(rows);
}
