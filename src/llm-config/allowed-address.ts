import { defaultVendor } from '../domain/provider-target.ts';
import type { ProviderUrls } from '../domain/provider-urls.ts';
import type { Vendor } from '../providers/catalogue/vendor.ts';
import { isListedAddress } from '../providers/catalogue/vendor-address.ts';

/** Why this installation does not let a tenant choose an address: it is http, it leads to a private one, or it is not listed. */
export type AddressRefusal = 'http' | 'private' | 'not_listed';

/**
 * Why an address may not be chosen, as far as its text shows: what its host resolves to is checked apart. The address of the
 * installation's own provider is the operator's, and always allowed.
 */
export function refusalOfAddress(
  providerUrls: ProviderUrls,
  vendor: Vendor,
  baseUrl: string,
): AddressRefusal | undefined {
  if (vendor.name === defaultVendor) return undefined;
  switch (providerUrls) {
    case 'listed':
      return isListedAddress(vendor, baseUrl) ? undefined : 'not_listed';
    case 'public':
      return baseUrl.startsWith('https://') ? undefined : 'http';
    case 'any':
      return undefined;
    default:
      return providerUrls satisfies never;
  }
}
