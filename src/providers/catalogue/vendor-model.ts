import type { InputStyle } from '../../domain/provider-target.ts';
import { styleOfModel } from './model-families.ts';
import type { Vendor, VendorModel } from './vendor.ts';

/** Finds what the vendor documents of a model; undefined for a model that is not listed. A tag `:latest` is the model itself. */
export function findModel(vendor: Vendor, name: string): VendorModel | undefined {
  const bare = name.replace(/:latest$/, '');
  return vendor.models.find((model) => model.name === name || model.name === bare);
}

/** How a vendor's model learns the side of a text. */
export function inputStyleOf(vendor: Vendor, model: string): InputStyle {
  return (
    findModel(vendor, model)?.inputStyle ??
    vendor.inputStyle ??
    (vendor.prefixesByModel ? styleOfModel(model) : { kind: 'none' })
  );
}

/** Why a model cannot have these dimensions; undefined where it can, or where that is not known. */
export function refusedDimensions(vendor: Vendor, model: string, wanted: number): string | undefined {
  const known = findModel(vendor, model);
  if (known?.dimensions === wanted) return undefined;
  const settable = known?.dimensionsSettable;
  if (known !== undefined && known.dimensions !== null && settable === undefined)
    return `must be ${known.dimensions} or null: ${model} has no other dimensions`;
  if (vendor.dimensionsParameter === 'none')
    return `must be null: ${vendor.title} takes no number of dimensions`;
  if (settable === undefined) return undefined;
  if ('min' in settable) {
    return wanted < settable.min || wanted > settable.max
      ? `must be ${settable.min} to ${settable.max} for ${model}, or null`
      : undefined;
  }
  return settable.includes(wanted)
    ? undefined
    : `must be one of ${settable.join(', ')} for ${model}, or null`;
}

/** The dimensions that a request asks for; null where they are those that the model has unasked. */
export function dimensionsToAsk(vendor: Vendor, model: string, wanted: number | null): number | null {
  return findModel(vendor, model)?.dimensions === wanted ? null : wanted;
}
