import { z } from 'zod';
import type { Provider } from '../domain/providers.ts';
import type { Transaction } from '../platform/postgres.ts';

export interface LastFailure {
  readonly code: string;
  readonly at: Date;
}

/** How the tenant's last failed call with the key of this version ended; undefined where none has failed. */
export async function readLastFailure(
  tx: Transaction,
  key: { readonly tenantId: string; readonly provider: Provider; readonly keyVersion: number },
): Promise<LastFailure | undefined> {
  const row: unknown = await tx('provider_calls')
    .where({ tenant_id: key.tenantId, provider: key.provider, key_version: key.keyVersion })
    .whereNotNull('finished_at')
    .whereNotIn('outcome', ['ok', 'unknown'])
    .orderBy('finished_at', 'desc')
    .first('outcome', 'finished_at');
  if (row === undefined) return undefined;
  const { outcome, finished_at } = z.object({ outcome: z.string(), finished_at: z.date() }).parse(row);
  return { code: outcome, at: finished_at };
}
