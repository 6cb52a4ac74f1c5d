import type { Provider } from '../domain/operations.ts';
import type { KeyStatus } from './key-status.ts';
import type { KeyFacts } from './key-store.ts';
import { effectiveAnthropicModels, type Models } from './models.ts';
import type { ProfileView } from './profile-view.ts';
import type { OwnSettings } from './settings-store.ts';
import type { Targets } from './targets.ts';

/** A tenant's provider settings as clients see them. */
export interface SettingsView extends OwnSettings {
  readonly has_api_key: boolean;
  readonly api_key_hint: string | null;
  readonly api_key_status: KeyStatus;
  readonly api_key_updated_at: Date | null;
  readonly has_embedding_key: boolean;
  readonly embedding_api_key_hint: string | null;
  readonly embedding_key_status: KeyStatus;
  readonly embedding_key_updated_at: Date | null;
  readonly effective: EffectiveSettings;
  readonly profile: ProfileView;
}

/** What calls use: the tenant's own settings, or the defaults. */
export interface EffectiveSettings extends Models {
  readonly embedding_provider: string;
  readonly embedding_base_url: string;
  /** Null where the provider has no reranking. */
  readonly rerank_model: string | null;
  /** Null where only the first call shows them. */
  readonly embedding_dimensions: number | null;
}

/** Builds the view. No key has to be opened for it. */
export function presentSettings(
  settings: OwnSettings,
  keys: ReadonlyMap<Provider, KeyFacts>,
  targets: Targets,
  profile: ProfileView,
): SettingsView {
  const [anthropic, embedding] = [keys.get('anthropic'), keys.get('embedding')];
  const target = targets.embedding(settings);
  return {
    has_api_key: hasKey(anthropic),
    api_key_hint: presentHint(anthropic),
    api_key_status: anthropic?.status ?? 'none',
    api_key_updated_at: anthropic?.updatedAt ?? null,
    has_embedding_key: hasKey(embedding),
    embedding_api_key_hint: presentHint(embedding),
    embedding_key_status: embedding?.status ?? 'none',
    embedding_key_updated_at: embedding?.updatedAt ?? null,
    ...settings,
    effective: {
      embedding_provider: target.vendor,
      embedding_base_url: target.baseUrl,
      embedding_model: target.model,
      embedding_dimensions: settings.embedding_dimensions ?? targets.knownDimensions(settings),
      rerank_model: targets.rerank(settings)?.model ?? null,
      ...effectiveAnthropicModels(settings),
    },
    profile,
  };
}

const hasKey = (facts: KeyFacts | undefined) => facts !== undefined && facts.status !== 'none';

const presentHint = (facts: KeyFacts | undefined) =>
  facts === undefined || facts.hint === null ? null : `...${facts.hint}`;
