import type { FieldError } from '../platform/http/problem.ts';
import type { Vendor } from '../providers/catalogue/vendor.ts';
import { findModel, refusedDimensions } from '../providers/catalogue/vendor-model.ts';
import type { Notice } from './plan-change.ts';
import type { OwnSettings } from './settings-store.ts';

/** Which settings were chosen for another provider and stay. */
export interface KeptFields {
  readonly model: boolean;
  readonly dimensions: boolean;
}

/** The model and dimensions that a change comes to. */
export interface AskedModel {
  readonly vendor: Vendor;
  readonly model: string;
  readonly after: OwnSettings;
  readonly kept: KeptFields;
}

const keptFrom = 'was kept from the former provider';

/** Why the model cannot have the dimensions; undefined where it can, or where that is not known. */
export function refusalOfDimensions({ vendor, model, after, kept }: AskedModel): FieldError | undefined {
  const wanted = after.embedding_dimensions;
  const message = wanted === null ? undefined : refusedDimensions(vendor, model, wanted);
  if (message === undefined) return undefined;
  return {
    path: 'embedding_dimensions',
    message: kept.dimensions ? `${message}; ${wanted} ${keptFrom}` : message,
  };
}

/** What a client may have overlooked. It is no mistake: vendors have models that the catalogue does not know. */
export function noticesOnModel(asked: AskedModel): readonly Notice[] {
  return [...noticesOnName(asked), ...noticesOnDimensions(asked)];
}

function noticesOnName({ vendor, model, after, kept }: AskedModel): readonly Notice[] {
  const path = 'embedding_model';
  const otherwise = vendor.defaultModel === null ? 'set the model that it serves' : 'null takes the default';
  if (after.embedding_model === null) {
    if (vendor.defaultModel !== null) return [];
    const message = `${vendor.title} has no default model, so ${model} is asked for. Set the model that it serves.`;
    return [{ path, message }];
  }
  if (findModel(vendor, model) !== undefined) return [];
  if (kept.model) return [{ path, message: `${model} ${keptFrom}; ${otherwise}.` }];
  if (vendor.models.length === 0) return [];
  const message = `${model} is not among the known models of ${vendor.title}; the first call shows whether it is there.`;
  return [{ path, message }];
}

function noticesOnDimensions({ vendor, model, after, kept }: AskedModel): readonly Notice[] {
  const wanted = after.embedding_dimensions;
  if (wanted === null || !kept.dimensions) return [];
  const known = findModel(vendor, model);
  // Those that a known model cannot have are refused.
  if (known !== undefined && known.dimensions !== null) return [];
  return [{ path: 'embedding_dimensions', message: `${wanted} ${keptFrom}; null takes the default.` }];
}
