import type { Provider } from '../../domain/operations.ts';
import { type ProviderTarget, targetIdOf } from '../../domain/provider-target.ts';
import { type KeyWaiters, wakeAll } from '../../llm-config/key-waiters.ts';
import type { ProviderKeys } from '../../llm-config/provider-keys.ts';
import type { BacklogRequests } from '../../llm-config/settings.ts';
import type { TriedCall } from '../../llm-config/tried-call.ts';
import type { Database } from '../../platform/postgres/database.ts';
import type { GuardedAnthropic } from '../anthropic/guarded-anthropic.ts';
import type { CallResult } from '../call.ts';
import type { GuardedEmbedding } from '../embedding/guarded-embedding.ts';
import type { EmbeddingProfiles } from '../embedding/profiles.ts';

/** The result of one real call with each stored key. */
export type Verification = Readonly<Record<Provider, TriedCall>>;

export interface KeyVerification {
  /**
   * Makes one call with each stored key of the tenant, even with a rejected one. A key that the provider accepts
   * becomes `verified`, and what it blocked goes on. A failure of a provider, a key or the custody is a result, as a
   * code. `apiKeyId` is the API key that pays from its daily budget.
   */
  verify(tenantId: string, apiKeyId?: string | null): Promise<Verification>;
}

export interface KeyVerificationDeps {
  readonly database: Database;
  readonly keys: ProviderKeys;
  readonly embedding: GuardedEmbedding;
  readonly profiles: Pick<EmbeddingProfiles, 'view'>;
  readonly anthropic: GuardedAnthropic;
  /** Timeout of one attempt while a client waits, in milliseconds. */
  readonly timeoutMs: number;
  /** Called in the transaction that marks the embedding key as verified, so that what the key blocked goes on. */
  readonly backlog: BacklogRequests;
  /** The same for the Anthropic key. */
  readonly keyWaiters: readonly KeyWaiters[];
}

interface Caller {
  readonly tenantId: string;
  readonly apiKeyId: string | null;
}

/** A text of few tokens in any vocabulary. */
export const shortText = 'Hello';

/** Creates the verification of stored keys, which uses each of them once. */
export function createKeyVerification(deps: KeyVerificationDeps): KeyVerification {
  const { database, keys, embedding, anthropic, timeoutMs } = deps;
  const options = { source: 'verify', timeoutMs, evenIfRejected: true } as const;

  const askForVector = async ({ tenantId, apiKeyId }: Caller, target: ProviderTarget) =>
    embedding.embed({
      ...options,
      tenantId,
      apiKeyId,
      target,
      expectedTargetId: targetIdOf(target),
      anew: true,
      inputs: [shortText],
      side: 'passage',
      async persist(tx, vectors) {
        await deps.backlog.request(tx, tenantId);
        return vectors[0]?.length ?? 0;
      },
    });

  const verifyEmbedding = async (caller: Caller): Promise<TriedCall> => {
    const { tenantId } = caller;
    const currentTarget = () => database.withTenant(tenantId, (tx) => keys.embeddingTarget(tx, tenantId));
    let target = await currentTarget();
    let answer = await askForVector(caller, target);
    if (answer.kind === 'superseded') {
      target = await currentTarget();
      answer = await askForVector(caller, target);
    }
    if (answer.kind !== 'ok') return failed(answer, target.model);
    const profile = await database.withTenant(tenantId, (tx) => deps.profiles.view(tx, tenantId, target));
    return {
      ok: true,
      model: answer.key.model,
      dimensions: answer.persisted,
      profile,
    };
  };

  const verifyAnthropic = async ({ tenantId, apiKeyId }: Caller, model: string): Promise<TriedCall> => {
    const answer = await anthropic.message({
      ...options,
      tenantId,
      apiKeyId,
      operation: 'verification',
      prompt: shortText,
      maxOutputTokens: 1,
      persist: (tx) => wakeAll(deps.keyWaiters, tx, tenantId),
    });
    return answer.kind === 'ok' ? { ok: true, model: answer.key.model } : failed(answer, model);
  };

  return {
    async verify(tenantId, apiKeyId = null) {
      const caller = { tenantId, apiKeyId };
      const models = await database.withTenant(tenantId, (tx) => keys.models(tx, tenantId));
      const [ofEmbedding, ofAnthropic] = await Promise.all([
        verifyEmbedding(caller),
        verifyAnthropic(caller, models.extraction_model),
      ]);
      return { embedding: ofEmbedding, anthropic: ofAnthropic };
    },
  };
}

/** The result of a call that failed. One that is superseded twice met settings that change all the time. */
function failed(answer: Exclude<CallResult<unknown>, { kind: 'ok' }>, model: string): TriedCall {
  return { ok: false, model, code: answer.kind === 'failed' ? answer.code : 'internal' };
}
