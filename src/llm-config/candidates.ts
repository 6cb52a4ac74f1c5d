import { modelFields, type Provider } from '../domain/operations.ts';
import type { ProviderTarget } from '../domain/provider-target.ts';
import { type AnthropicModelField, effectiveAnthropicModels } from './models.ts';
import type { SealedKeys, StoredSettings } from './prepare-change.ts';
import type { SettingsPatch } from './settings.ts';
import type { OwnSettings } from './settings-store.ts';
import type { Targets } from './targets.ts';
import type { CandidateKey, Candidates, TriedCalls } from './trial.ts';

/** What a trial of a change calls, and the results that are known without a call: those of providers without a key. */
export interface ChosenCandidates {
  readonly candidates: Candidates;
  readonly keyless: TriedCalls;
}

/** Chooses what a change is tried with: for each provider that it concerns, the key and the models after it. */
export function chooseCandidates(
  targets: Targets,
  patch: SettingsPatch,
  after: OwnSettings,
  keys: SealedKeys,
  stored: Pick<StoredSettings, 'ciphertexts'>,
): ChosenCandidates {
  const ciphertextOf = (provider: Provider): string | undefined => {
    const given = keys[provider];
    return given === undefined ? stored.ciphertexts.get(provider) : given?.ciphertext;
  };
  const choose = (
    provider: Provider,
    addressAllowed: boolean,
    [first, ...others]: readonly ProviderTarget[],
  ): ChosenCandidates => {
    if (first === undefined) return nothing;
    const ciphertext = ciphertextOf(provider);
    if (ciphertext === undefined)
      return {
        candidates: {},
        keyless: { [provider]: { ok: false, model: first.model, code: 'no_api_key' } },
      };
    const keyOn = (target: ProviderTarget): CandidateKey => ({ ciphertext, target, addressAllowed });
    return {
      candidates:
        provider === 'embedding'
          ? { embedding: keyOn(first) }
          : { anthropic: [keyOn(first), ...others.map(keyOn)] },
      keyless: {},
    };
  };

  const embedding = concernsEmbedding(patch) ? [targets.embedding(after)] : [];
  const anthropic = anthropicModels(patch, after).map(targets.anthropic);
  const chosen = [
    choose('embedding', targets.isAllowed(after), embedding),
    choose('anthropic', true, anthropic),
  ];
  return {
    candidates: { ...chosen[0]?.candidates, ...chosen[1]?.candidates },
    keyless: { ...chosen[0]?.keyless, ...chosen[1]?.keyless },
  };
}

const nothing: ChosenCandidates = { candidates: {}, keyless: {} };

const concernsEmbedding = (patch: SettingsPatch) =>
  Object.entries(patch).some(([field, value]) => field.startsWith('embedding_') && value !== undefined);

/** The models after the change that it names; for a key alone the one that most calls use. */
function anthropicModels(patch: SettingsPatch, after: OwnSettings): readonly string[] {
  const models = effectiveAnthropicModels(after);
  const named = anthropicFields.filter((field) => patch[field] !== undefined).map((field) => models[field]);
  if (named.length > 0) return [...new Set(named)];
  return patch.api_key === undefined ? [] : [models.extraction_model];
}

const anthropicFields = modelFields.filter(
  (field): field is AnthropicModelField => field !== 'embedding_model' && field !== 'rerank_model',
);
