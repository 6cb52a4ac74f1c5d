import { type ProviderTarget, targetIdOf } from '../domain/provider-target.ts';
import type { FieldError } from '../platform/http/problem.ts';
import type { Catalogue } from '../providers/catalogue/create-catalogue.ts';
import type { Vendor } from '../providers/catalogue/vendor.ts';
import { findModel, refusedDimensions } from '../providers/catalogue/vendor-model.ts';
import { chooseProvider } from './choose-provider.ts';
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
  | { readonly kind: 'forbidden'; readonly path: 'embedding_provider' | 'embedding_base_url' };

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
  const { vendor, notices } = chosen;
  const { after, fields } = changeSettings(before, { ...patch, embedding_base_url: chosen.stored });
  if (chosen.isChoice && !targets.isAllowed(after)) {
    const path = patch.embedding_base_url ? 'embedding_base_url' : 'embedding_provider';
    return { kind: 'forbidden', path };
  }
  const target = targets.embedding(after);
  const targetBefore = targets.embedding(before);
  const asks = fields.some((field) => field.startsWith('embedding_'));
  const dimensions = asks ? refusalOfDimensions(vendor, target.model, after.embedding_dimensions) : undefined;
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
      notices: asks ? [...notices, ...noticesOnModel(vendor, target.model, after)] : notices,
    },
  };
}

function refusalOfDimensions(vendor: Vendor, model: string, wanted: number | null): FieldError | undefined {
  const message = wanted === null ? undefined : refusedDimensions(vendor, model, wanted);
  return message === undefined ? undefined : { path: 'embedding_dimensions', message };
}

/** What a client may have overlooked about the model. It is no mistake: vendors have models that the catalogue does not know. */
function noticesOnModel(vendor: Vendor, model: string, after: OwnSettings): readonly Notice[] {
  const path = 'embedding_model';
  if (after.embedding_model === null && vendor.defaultModel === null)
    return [
      {
        path,
        message: `${vendor.title} has no default model, so ${model} is asked for. Set the model that it serves.`,
      },
    ];
  if (vendor.models.length > 0 && after.embedding_model !== null && findModel(vendor, model) === undefined)
    return [
      {
        path,
        message: `${model} is not among the known models of ${vendor.title}; the first call shows whether it is there.`,
      },
    ];
  return [];
}
