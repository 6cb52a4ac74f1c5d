import { z } from 'zod';
import { type Channel, longestStartToCloseMs } from '../../domain/operations.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { OpenCalls } from './pacing.ts';

/** Longer than any call takes, with its pauses before a result is stored again. An older record is that of a call whose process has died. */
const longestCallMs = longestStartToCloseMs + 30_000;

/** Sums the other calls of the tenant with this key that have begun and have not ended. */
export async function sumOpenCalls(
  tx: Transaction,
  tenantId: string,
  key: { readonly provider: Channel; readonly keyVersion: number },
  callId: string,
): Promise<OpenCalls> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select count(*)::int as requests, coalesce(sum(reserved_tokens), 0)::float8 as tokens
       from provider_calls
      where finished_at is null and started_at > clock_timestamp() - :longestCallMs * interval '1 millisecond'
        and tenant_id = :tenantId and case operation when 'rerank' then operation else provider end = :provider
        and key_version = :keyVersion and id <> :callId`,
    { tenantId, ...key, callId, longestCallMs },
  );
  return z.tuple([z.object({ requests: z.number(), tokens: z.number() })]).parse(rows)[0];
}
