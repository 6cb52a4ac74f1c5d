import { type OwnSettings, settingsFields } from './settings-store.ts';

/** A client's change of settings: an absent field keeps its value, null restores the default. */
export type OwnSettingsPatch = { readonly [Field in keyof OwnSettings]?: OwnSettings[Field] | undefined };

/** The result of a change. */
export interface SettingsChange {
  readonly after: OwnSettings;
  /** Names of the settings whose values change. */
  readonly fields: readonly (keyof OwnSettings)[];
}

/** Applies a change. Returns the settings after it and the names of those that differ. */
export function changeSettings(before: OwnSettings, patch: OwnSettingsPatch): SettingsChange {
  const after: OwnSettings = {
    embedding_provider: changed(patch.embedding_provider, before.embedding_provider),
    embedding_base_url: changed(patch.embedding_base_url, before.embedding_base_url),
    embedding_dimensions: changed(patch.embedding_dimensions, before.embedding_dimensions),
    embedding_model: changed(patch.embedding_model, before.embedding_model),
    rerank_model: changed(patch.rerank_model, before.rerank_model),
    extraction_model: changed(patch.extraction_model, before.extraction_model),
    classification_model: changed(patch.classification_model, before.classification_model),
    merge_model: changed(patch.merge_model, before.merge_model),
    monthly_token_budget: changed(patch.monthly_token_budget, before.monthly_token_budget),
  };
  return { after, fields: settingsFields.filter((field) => after[field] !== before[field]) };
}

const changed = <T>(next: T | undefined, before: T): T => (next === undefined ? before : next);
