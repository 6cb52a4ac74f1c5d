import { uncancelled } from '../async/cancellation.ts';
import { type Reply, reply } from '../http/route.ts';
import type { Database, Transaction } from '../postgres/database.ts';
import { findAnswer, keepAnswer } from './store.ts';
import { withoutSecrets } from './without-secrets.ts';

/** One use of an Idempotency-Key. */
export interface KeyedRequest {
  readonly tenantId: string;
  readonly key: string;
  readonly requestHash: string;
  /** Fields of the answer that must not be kept. */
  readonly secretFields: readonly string[];
}

export type Recalled =
  | { readonly kind: 'new' }
  | { readonly kind: 'replay'; readonly answer: Reply }
  | { readonly kind: 'reused' };

/** Thrown inside a write's transaction to roll it back: another request with the same key has committed first. */
export class AnsweredMeanwhile extends Error {
  override readonly name = 'AnsweredMeanwhile';
}

export interface Idempotency {
  /** What is known of the key: nothing, the first answer, or that it belongs to another request. */
  recall(request: KeyedRequest): Promise<Recalled>;
  /**
   * Keeps the answer in the transaction of the write; throws `AnsweredMeanwhile` when that write is one too many. The
   * transaction must be open to the request's tenant: a write of the superadmin begins with `withTenantAsAdmin`.
   */
  keep(tx: Transaction, request: KeyedRequest, answer: Reply): Promise<void>;
  /** Keeps an answer that no write of the handler has kept. */
  keepAfterwards(request: KeyedRequest, answer: Reply): Promise<void>;
}

/** First answers by Idempotency-Key, per tenant, for a day. */
export function createIdempotency(deps: { readonly database: Database }): Idempotency {
  const write = (tx: Transaction, request: KeyedRequest, answer: Reply): Promise<boolean> =>
    keepAnswer(tx, request.tenantId, request.key, {
      requestHash: request.requestHash,
      status: answer.status,
      ...(answer.headers ? { headers: answer.headers } : {}),
      ...(answer.body === undefined ? {} : { body: withoutSecrets(answer.body, request.secretFields) }),
    });

  return {
    async recall({ tenantId, key, requestHash }) {
      const found = await deps.database.withTenant(tenantId, (tx) => findAnswer(tx, tenantId, key));
      if (found === undefined) return { kind: 'new' };
      if (found.requestHash !== requestHash) return { kind: 'reused' };
      return { kind: 'replay', answer: reply(found.status, found.body, found.headers) };
    },

    async keep(tx, request, answer) {
      if (!(await write(tx, request, answer)))
        throw new AnsweredMeanwhile('the Idempotency-Key has been used by a request at the same time');
    },

    async keepAfterwards(request, answer) {
      // The work is done: a client that has gone meanwhile asks again, and must not repeat it.
      await uncancelled(() => deps.database.withTenant(request.tenantId, (tx) => write(tx, request, answer)));
    },
  };
}
