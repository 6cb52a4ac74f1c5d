import { type OwnSettings, settingsFields } from './settings-store.ts';

/** Settings as a client wants them: what is absent is kept, null goes back to the default. */
export type WantedSettings = { readonly [Field in keyof OwnSettings]?: OwnSettings[Field] | undefined };

export interface SettingsChange {
  readonly after: OwnSettings;
  /** Names of the settings that become other ones. */
  readonly fields: readonly (keyof OwnSettings)[];
}

/** What the settings become, and which of them change by it. */
export function changeSettings(before: OwnSettings, wanted: WantedSettings): SettingsChange {
  const after: OwnSettings = {
    embedding_model: orKept(wanted.embedding_model, before.embedding_model),
    extraction_model: orKept(wanted.extraction_model, before.extraction_model),
    classification_model: orKept(wanted.classification_model, before.classification_model),
    merge_model: orKept(wanted.merge_model, before.merge_model),
    monthly_token_budget: orKept(wanted.monthly_token_budget, before.monthly_token_budget),
  };
  return { after, fields: settingsFields.filter((field) => after[field] !== before[field]) };
}

const orKept = <T>(wanted: T | undefined, kept: T): T => (wanted === undefined ? kept : wanted);
