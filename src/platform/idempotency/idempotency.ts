import { uncancelled } from '../async/cancellation.ts';
import { type Reply, reply } from '../http/route.ts';
import type { Database, Transaction } from '../postgres/database.ts';
import { findAnswer, storeAnswer } from './store.ts';
import { withoutSecrets } from './without-secrets.ts';

/** One use of an Idempotency-Key. */
export interface KeyedRequest {
  readonly tenantId: string;
  readonly key: string;
  readonly requestHash: string;
  /** Fields of the answer that must not be stored, as dotted paths. */
  readonly secretFields: readonly string[];
}

export type Recalled =
  | { readonly kind: 'new' }
  | { readonly kind: 'replay'; readonly answer: Reply }
  | { readonly kind: 'reused' };

/** Thrown inside the transaction of a write to roll it back: another request with the same key has committed first. */
export class AnsweredMeanwhile extends Error {
  override readonly name = 'AnsweredMeanwhile';
}

export interface Idempotency {
  /** Looks the key up: it is `new`, has an answer to `replay`, or was `reused` for another request. */
  recall(request: KeyedRequest): Promise<Recalled>;
  /**
   * Stores the answer in the transaction of the write; throws `AnsweredMeanwhile` when a concurrent request with this key was
   * first. The transaction must see the request's tenant: a write of the superadmin begins with `withTenantAsAdmin`.
   */
  store(tx: Transaction, request: KeyedRequest, answer: Reply): Promise<void>;
  /** Stores an answer in a transaction of its own, for a handler whose write did not store it. */
  storeAfterwards(request: KeyedRequest, answer: Reply): Promise<void>;
}

/** The first answers by tenant and Idempotency-Key, stored for 24 hours. */
export function createIdempotency(deps: { readonly database: Database }): Idempotency {
  const write = (tx: Transaction, request: KeyedRequest, answer: Reply): Promise<boolean> =>
    storeAnswer(tx, request.tenantId, request.key, {
      requestHash: request.requestHash,
      status: answer.status,
      ...(answer.headers ? { headers: answer.headers } : {}),
      ...(answer.body === undefined ? {} : { body: withoutSecrets(answer.body, request.secretFields) }),
    });

  return {
    async recall({ tenantId, key, requestHash }) {
      const found = await deps.database.readTenant(tenantId, (tx) => findAnswer(tx, tenantId, key));
      if (found === undefined) return { kind: 'new' };
      if (found.requestHash !== requestHash) return { kind: 'reused' };
      return { kind: 'replay', answer: reply(found.status, found.body, found.headers) };
    },

    async store(tx, request, answer) {
      if (!(await write(tx, request, answer)))
        throw new AnsweredMeanwhile('a concurrent request has used the Idempotency-Key');
    },

    async storeAfterwards(request, answer) {
      // The work is done: a client that has gone meanwhile repeats the request, and must not repeat the work.
      await uncancelled(() => deps.database.withTenant(request.tenantId, (tx) => write(tx, request, answer)));
    },
  };
}
