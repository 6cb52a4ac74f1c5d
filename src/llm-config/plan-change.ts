import { type ProviderTarget, targetIdOf } from '../domain/provider-target.ts';
import type { FieldError } from '../platform/http/problem.ts';
import type { Catalogue } from '../providers/catalogue/create-catalogue.ts';
import type { Vendor } from '../providers/catalogue/vendor.ts';
import type { AddressRefusal } from './allowed-address.ts';
import { chooseProvider } from './choose-provider.ts';
import { type KeptFields, noticesOnModel, refusalOfDimensions } from './model-notices.ts';
import { chooseRerankModel } from './rerank-model.ts';
import { changeSettings, type OwnSettingsPatch } from './settings-change.ts';
import type { OwnSettings } from './settings-store.ts';
import type { Targets } from './targets.ts';

/** Something that was put right or is worth knowing, at a field of the request. */
export interface Notice {
  readonly path: string;
  readonly message: string;
}

/** What a change comes to, before anything is stored. */
export type ChangePlan =
  | { readonly kind: 'planned'; readonly plan: PlannedChange }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldError[] }
  /** This installation does not allow the provider or the address that the field at `path` names. */
  | {
      readonly kind: 'forbidden';
      readonly path: 'embedding_provider' | 'embedding_base_url';
      readonly reason: AddressRefusal;
    };

export interface PlannedChange {
  readonly after: OwnSettings;
  /** Names of the settings whose values change. */
  readonly fields: readonly (keyof OwnSettings)[];
  /** Where embedding calls go after the change. */
  readonly target: ProviderTarget;
  readonly vendor: Vendor;
  /** Whether they go to another provider or address than before, so that a stored key must not follow. */
  readonly addressChanged: boolean;
  /** Whether the vectors that are there cannot be compared with those that come. */
  readonly vectorsChanged: boolean;
  readonly notices: readonly Notice[];
}

/** Decides what a client's change comes to, given the settings before it. */
export function planChange(
  { catalogue, targets }: { readonly catalogue: Catalogue; readonly targets: Targets },
  before: OwnSettings,
  patch: OwnSettingsPatch,
): ChangePlan {
  const chosen = chooseProvider(catalogue, before, patch);
  if (chosen.kind === 'refused') return { kind: 'invalid', errors: [chosen.error] };
  const { vendor } = chosen;
  const rerank = chooseRerankModel(catalogue, vendor, before, patch);
  if (rerank.kind === 'refused') return { kind: 'invalid', errors: [rerank.error] };
  const notices = [...chosen.notices, ...rerank.notices];
  const { after, fields } = changeSettings(before, {
    ...patch,
    embedding_base_url: chosen.stored,
    rerank_model: rerank.stored,
  });
  const reason = chosen.isChoice ? targets.refusal(after) : undefined;
  if (reason !== undefined) {
    const path = patch.embedding_base_url ? 'embedding_base_url' : 'embedding_provider';
    return { kind: 'forbidden', path, reason };
  }
  const target = targets.embedding(after);
  const targetBefore = targets.embedding(before);
  const asks = fields.some((field) => field.startsWith('embedding_'));
  const kept = keptFromFormer(vendor, catalogue.find(before.embedding_provider), patch);
  const asked = { vendor, model: target.model, after, kept };
  const dimensions = asks ? refusalOfDimensions(asked) : undefined;
  if (dimensions !== undefined) return { kind: 'invalid', errors: [dimensions] };
  return {
    kind: 'planned',
    plan: {
      after,
      fields,
      target,
      vendor,
      addressChanged: target.vendor !== targetBefore.vendor || target.baseUrl !== targetBefore.baseUrl,
      vectorsChanged: targetIdOf(target) !== targetIdOf(targetBefore),
      notices: asks ? [...notices, ...noticesOnModel(asked)] : notices,
    },
  };
}

/** What was chosen for the former provider and stays, because the change names another provider and not these. */
function keptFromFormer(vendor: Vendor, former: Vendor | undefined, patch: OwnSettingsPatch): KeptFields {
  const isOther = vendor !== former;
  return {
    model: isOther && patch.embedding_model === undefined,
    dimensions: isOther && patch.embedding_dimensions === undefined,
  };
}
