import type { Provider } from '../domain/operations.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { CurrentKey } from './provider-keys.ts';
import type { TriedCall } from './tried-call.ts';

/** A sealed key that is tried before it counts, and the target that it is tried on. */
export type CandidateKey = Pick<CurrentKey, 'ciphertext' | 'target' | 'addressAllowed'>;

/** What is tried of a change. */
export interface Candidates {
  readonly embedding?: CandidateKey;
  /** The key with each of the models that the change concerns. */
  readonly anthropic?: readonly [CandidateKey, ...CandidateKey[]];
}

/** The results by provider. Of several calls to one provider it is the first that failed. */
export type TriedCalls = Readonly<Partial<Record<Provider, TriedCall>>>;

/** What calls with candidates have shown. */
export interface Trial {
  readonly calls: TriedCalls;
  /** Stores how the embedding model is used, in the transaction that stores the settings. */
  remember(tx: Transaction): Promise<void>;
}

/**
 * Makes one real call with each candidate: the room of the providers, which is above, makes it. It is recorded and paid like any
 * other, from the budgets of the tenant and of the API key, and changes nothing else.
 */
export type TryCandidates = (
  caller: { readonly tenantId: string; readonly apiKeyId: string | null },
  candidates: Candidates,
) => Promise<Trial>;
