import { isDeepStrictEqual } from 'node:util';
import type { Actor } from '../domain/actor.ts';
import { type Provider, providers } from '../domain/operations.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { chooseCandidates } from './candidates.ts';
import type { PlannedChange } from './plan-change.ts';
import type { PreparedChange, StoredSettings } from './prepare-change.ts';
import type { SettingsPatch } from './settings.ts';
import type { Targets } from './targets.ts';
import type { TriedCalls, TryCandidates } from './trial.ts';
import type { TriedCall } from './tried-call.ts';

/** A call with the change that failed, and the field of the request or of the settings that it is about. */
export interface RefusedCall {
  readonly kind: 'refused';
  readonly provider: Provider;
  readonly call: Extract<TriedCall, { ok: false }>;
  readonly path: keyof SettingsPatch;
}

/** A change that calls were made with. */
export interface TriedChange {
  readonly calls: TriedCalls;
  /** The providers that have taken their call. */
  readonly verified: ReadonlySet<Provider>;
  /** The first call that failed; undefined where all have worked. */
  readonly refused: RefusedCall | undefined;
  /** Whether a plan that is made now, on what is stored now, is what was tried. */
  isOf(plan: PlannedChange, stored: StoredSettings): boolean;
  remember(tx: Transaction): Promise<void>;
}

/** Makes the calls that a prepared change concerns. Nothing of it is stored. */
export type TryChange = (
  actor: Pick<Actor, 'tenantId' | 'keyId'>,
  patch: SettingsPatch,
  prepared: PreparedChange,
) => Promise<TriedChange>;

/** Creates the trial of changes. */
export function createTryChange(deps: {
  readonly targets: Targets;
  readonly tryCandidates: TryCandidates;
}): TryChange {
  return async ({ tenantId, keyId }, patch, { plan, keys, stored }) => {
    const choose = (after: PlannedChange['after'], now: StoredSettings) =>
      chooseCandidates(deps.targets, patch, after, keys, now);
    const chosen = choose(plan.after, stored);
    const trial = await deps.tryCandidates({ tenantId, apiKeyId: keyId }, chosen.candidates);
    const calls = { ...chosen.keyless, ...trial.calls };
    return {
      calls,
      verified: new Set(providers.filter((provider) => calls[provider]?.ok)),
      refused: firstRefused(calls, patch),
      isOf: (planNow, storedNow) => isDeepStrictEqual(choose(planNow.after, storedNow), chosen),
      remember: trial.remember,
    };
  };
}

function firstRefused(calls: TriedCalls, patch: SettingsPatch): RefusedCall | undefined {
  for (const provider of providers) {
    const call = calls[provider];
    if (call !== undefined && !call.ok)
      return { kind: 'refused', provider, call, path: fieldOf(provider, call, patch) };
  }
  return undefined;
}

/** The field that a refusal is about. */
function fieldOf(
  provider: Provider,
  { code, model }: RefusedCall['call'],
  patch: SettingsPatch,
): keyof SettingsPatch {
  const isEmbedding = provider === 'embedding';
  switch (code) {
    case 'model_not_found':
    case 'input_rejected':
    case 'malformed_response':
      if (isEmbedding && code !== 'model_not_found' && patch.embedding_dimensions)
        return 'embedding_dimensions';
      return isEmbedding ? 'embedding_model' : anthropicFieldOf(model, patch);
    case 'address_forbidden':
    case 'provider_unavailable':
    case 'provider_timeout':
      if (isEmbedding) return patch.embedding_base_url ? 'embedding_base_url' : 'embedding_provider';
      return 'api_key';
    case 'budget_exhausted':
      return 'monthly_token_budget';
    default:
      return isEmbedding ? 'embedding_api_key' : 'api_key';
  }
}

function anthropicFieldOf(model: string, patch: SettingsPatch) {
  const fields = ['extraction_model', 'classification_model', 'merge_model'] as const;
  return fields.find((field) => patch[field] === model) ?? 'extraction_model';
}
