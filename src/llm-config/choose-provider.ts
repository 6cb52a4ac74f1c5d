import type { FieldError } from '../platform/http/problem.ts';
import type { Catalogue } from '../providers/catalogue/create-catalogue.ts';
import type { Vendor } from '../providers/catalogue/vendor.ts';
import { type ChosenAddress, chooseAddress } from '../providers/catalogue/vendor-address.ts';
import type { Notice } from './plan-change.ts';
import type { OwnSettingsPatch } from './settings-change.ts';
import type { OwnSettings } from './settings-store.ts';

/** The provider and address after a change. */
export type ChosenProvider =
  | {
      readonly kind: 'chosen';
      readonly vendor: Vendor;
      readonly stored: string | null;
      /** Whether the change names a provider or an address. */
      readonly isChoice: boolean;
      readonly notices: readonly Notice[];
    }
  | { readonly kind: 'refused'; readonly error: FieldError };

const path = 'embedding_base_url';

/** Chooses the provider and its address from a change and from what was set before. */
export function chooseProvider(
  catalogue: Catalogue,
  before: OwnSettings,
  patch: OwnSettingsPatch,
): ChosenProvider {
  const { embedding_provider: provider = before.embedding_provider, embedding_base_url: given } = patch;
  const vendor = catalogue.find(provider);
  if (vendor === undefined)
    return {
      kind: 'refused',
      error: { path: 'embedding_provider', message: 'is no longer in the catalogue; choose another' },
    };
  const formerVendor = catalogue.find(before.embedding_provider);
  if (given === undefined && vendor === formerVendor) {
    const isChoice = patch.embedding_provider !== undefined;
    return { kind: 'chosen', vendor, stored: before.embedding_base_url, isChoice, notices: [] };
  }
  if (given !== undefined) return toChosen(vendor, chooseAddress(vendor, given), []);

  // Only the provider is another one: its address is the former one where that fits, and its own otherwise.
  const former = before.embedding_base_url;
  const kept = former === null ? undefined : chooseAddress(vendor, former);
  if (kept?.kind === 'ok') return toChosen(vendor, kept, []);
  const dropped =
    former === null ? [] : [{ path, message: 'The address of the former provider was taken out.' }];
  return toChosen(vendor, chooseAddress(vendor, null), dropped);
}

/**
 * Why no key is set for a stored address: it is none that its provider can have, so it was changed by hand, or the catalogue was.
 * Empty where it is one.
 */
export function refusedStoredAddress(vendor: Vendor, stored: string | null): readonly FieldError[] {
  const chosen = chooseAddress(vendor, stored);
  if (chosen.kind === 'refused') return [{ path, message: chosen.message }];
  return chosen.stored === stored ? [] : [{ path, message: 'has to be set again, or to null' }];
}

function toChosen(vendor: Vendor, address: ChosenAddress, notices: readonly Notice[]): ChosenProvider {
  if (address.kind === 'refused') return { kind: 'refused', error: { path, message: address.message } };
  const all = [...notices, ...address.notices.map((message) => ({ path, message }))];
  return { kind: 'chosen', vendor, stored: address.stored, isChoice: true, notices: all };
}
