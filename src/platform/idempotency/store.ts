import { z } from 'zod';
import type { Transaction } from '../postgres/database.ts';

/** A first answer, as it is stored. */
export interface StoredAnswer {
  readonly requestHash: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const answerRow = z.object({
  request_hash: z.string(),
  status: z.number(),
  // The column holds the rest of the answer: headers such as Location, and the body.
  body: z.object({ headers: z.record(z.string(), z.string()).optional(), body: z.unknown() }),
});

/** How long a first answer is given again. */
export const answersKeptMs = 24 * 3_600_000;
const retention = `interval '${answersKeptMs} milliseconds'`;

/** The answer stored for a key; undefined when there is none or it has expired. */
export async function findAnswer(
  tx: Transaction,
  tenantId: string,
  key: string,
): Promise<StoredAnswer | undefined> {
  const [row] = await tx.prepared(
    `select request_hash, status, body from idempotency_keys
      where tenant_id = $1 and key = $2 and created_at > now() - ${retention}`,
    [tenantId, key],
  );
  if (row === undefined) return undefined;
  const { request_hash: requestHash, status, body: rest } = answerRow.parse(row);
  return {
    requestHash,
    status,
    ...(rest.headers ? { headers: rest.headers } : {}),
    ...(rest.body === undefined ? {} : { body: rest.body }),
  };
}

/**
 * Stores an answer; false when another request with this key was first, so that the caller must roll its own transaction back.
 * The insert waits until the other request's transaction has ended.
 */
export async function storeAnswer(
  tx: Transaction,
  tenantId: string,
  key: string,
  answer: StoredAnswer,
): Promise<boolean> {
  const [rows] = await Promise.all([
    tx.prepared(
      `insert into idempotency_keys as kept (tenant_id, key, request_hash, status, body)
       values ($1, $2, $3, $4, $5::jsonb)
       on conflict (tenant_id, key) do update
         set request_hash = excluded.request_hash, status = excluded.status, body = excluded.body, created_at = now()
         where kept.created_at <= now() - ${retention}
       returning 1`,
      [
        ...[tenantId, key, answer.requestHash, answer.status],
        JSON.stringify({ headers: answer.headers, body: answer.body }),
      ],
    ),
    deleteExpired(tx, tenantId),
  ]);
  return rows.length === 1;
}

/** Deletes up to 20 of the tenant's expired answers. Each write deletes more rows than it adds, so the table stays small. */
async function deleteExpired(tx: Transaction, tenantId: string): Promise<void> {
  await tx.prepared(
    `delete from idempotency_keys
      where tenant_id = $1
        and key in (select key from idempotency_keys
                     where tenant_id = $1 and created_at <= now() - ${retention}
                     order by created_at limit 20)`,
    [tenantId],
  );
}
