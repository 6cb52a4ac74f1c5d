import type { CandidateKey, Trial, TryCandidates } from '../../llm-config/trial.ts';
import type { TriedCall } from '../../llm-config/tried-call.ts';
import type { GuardedAnthropic } from '../anthropic/guarded-anthropic.ts';
import type { CallResult } from '../call.ts';
import type { GuardedEmbedding } from '../embedding/guarded-embedding.ts';
import { type ProfileCache, profileAfter, type WorkedCall } from '../embedding/profile-cache.ts';
import { presentProfile } from '../embedding/profile-presentation.ts';
import { shortText } from './verification.ts';

interface Caller {
  readonly tenantId: string;
  readonly apiKeyId: string | null;
}

/** Creates the trial of keys and settings that are not stored yet: the calls of a verification, with candidates. */
export function createTryCandidates(deps: {
  readonly embedding: GuardedEmbedding;
  readonly anthropic: GuardedAnthropic;
  readonly cache: Pick<ProfileCache, 'record'>;
  /** Timeout of one attempt while a client waits, in milliseconds. */
  readonly timeoutMs: number;
}): TryCandidates {
  const options = { source: 'verify', timeoutMs: deps.timeoutMs } as const;

  const tryEmbedding = async (caller: Caller, candidate: CandidateKey): Promise<Trial> => {
    const worked: WorkedCall[] = [];
    const { target } = candidate;
    const answer = await deps.embedding.embed({
      ...options,
      ...caller,
      ...{ candidate, target, anew: true, inputs: [shortText], side: 'passage' },
      onFound: (found) => {
        worked.push(found);
      },
      persist: async (_tx, vectors) => vectors[0]?.length ?? 0,
    });
    const found = worked.at(-1);
    if (answer.kind !== 'ok' || found === undefined)
      return { ...nothing, calls: { embedding: failed(answer, target.model) } };
    const { model } = target;
    const profile = presentProfile(profileAfter(found), target);
    return {
      calls: { embedding: { ok: true, model, dimensions: answer.persisted, profile } },
      remember: (tx) => deps.cache.record(tx, found),
    };
  };

  const tryModel = async (caller: Caller, candidate: CandidateKey): Promise<TriedCall> => {
    const answer = await deps.anthropic.message({
      ...options,
      ...caller,
      ...{ candidate, operation: 'verification', prompt: shortText, maxOutputTokens: 1 },
      persist: async () => undefined,
    });
    const { model } = candidate.target;
    return answer.kind === 'ok' ? { ok: true, model } : failed(answer, model);
  };

  const tryAnthropic = async (
    caller: Caller,
    [first, ...others]: readonly [CandidateKey, ...CandidateKey[]],
  ): Promise<TriedCall> => {
    let answer = await tryModel(caller, first);
    // One after the other: a key that does not work is asked once.
    for (const candidate of others) {
      if (!answer.ok) return answer;
      const next = await tryModel(caller, candidate);
      if (!next.ok) answer = next;
    }
    return answer;
  };

  return async (caller, candidates) => {
    const [ofEmbedding, ofAnthropic] = await Promise.all([
      candidates.embedding === undefined ? nothing : tryEmbedding(caller, candidates.embedding),
      candidates.anthropic === undefined ? undefined : tryAnthropic(caller, candidates.anthropic),
    ]);
    return {
      ...ofEmbedding,
      calls: { ...ofEmbedding.calls, ...(ofAnthropic && { anthropic: ofAnthropic }) },
    };
  };
}

const nothing: Trial = { calls: {}, remember: async () => undefined };

/** The result of a call that failed. A candidate is neither superseded nor claimed. */
function failed(answer: CallResult<unknown>, model: string): TriedCall {
  if (answer.kind !== 'failed') return { ok: false, model, code: 'internal' };
  const { code, retryAfterMs } = answer;
  return { ok: false, model, code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
