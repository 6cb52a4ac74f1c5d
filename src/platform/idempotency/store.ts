import { z } from 'zod';
import type { Transaction } from '../postgres/database.ts';

/** A first answer, as it is kept. */
export interface KeptAnswer {
  readonly requestHash: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const keptRow = z.object({
  request_hash: z.string(),
  status: z.number(),
  // The column holds what followed the status: headers such as Location, and the body.
  body: z.object({ headers: z.record(z.string(), z.string()).optional(), body: z.unknown() }),
});

/** How long a first answer is given again. */
const keptFor = "interval '24 hours'";

/** The answer kept under a key, unless it is too old to count. */
export async function findAnswer(
  tx: Transaction,
  tenantId: string,
  key: string,
): Promise<KeptAnswer | undefined> {
  const row: unknown = await tx('idempotency_keys')
    .where({ tenant_id: tenantId, key })
    .whereRaw(`created_at > now() - ${keptFor}`)
    .first('request_hash', 'status', 'body');
  if (row === undefined) return undefined;
  const { request_hash: requestHash, status, body: rest } = keptRow.parse(row);
  return {
    requestHash,
    status,
    ...(rest.headers ? { headers: rest.headers } : {}),
    ...(rest.body === undefined ? {} : { body: rest.body }),
  };
}

/**
 * Keeps an answer. False when another request with this key was first: the insert waits for that one's transaction, so
 * the caller then knows that its own must be rolled back.
 */
export async function keepAnswer(
  tx: Transaction,
  tenantId: string,
  key: string,
  answer: KeptAnswer,
): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `insert into idempotency_keys as kept (tenant_id, key, request_hash, status, body)
     values (:tenantId, :key, :requestHash, :status, :rest::jsonb)
     on conflict (tenant_id, key) do update
       set request_hash = excluded.request_hash, status = excluded.status, body = excluded.body, created_at = now()
       where kept.created_at <= now() - ${keptFor}
     returning 1`,
    {
      tenantId,
      key,
      requestHash: answer.requestHash,
      status: answer.status,
      rest: JSON.stringify({ headers: answer.headers, body: answer.body }),
    },
  );
  await forgetOld(tx, tenantId);
  return rows.length === 1;
}

/** Deletes some of the tenant's answers that no longer count: whoever adds one clears away more than one. */
async function forgetOld(tx: Transaction, tenantId: string): Promise<void> {
  const old = tx('idempotency_keys')
    .where({ tenant_id: tenantId })
    .whereRaw(`created_at <= now() - ${keptFor}`)
    .orderBy('created_at')
    .limit(20)
    .select('key');
  await tx('idempotency_keys').where({ tenant_id: tenantId }).whereIn('key', old).delete();
}
