import { defaultVendor } from '../domain/provider-target.ts';
import type { ProviderUrls } from '../domain/provider-urls.ts';
import type { Vendor } from '../providers/catalogue/vendor.ts';
import { isListedAddress } from '../providers/catalogue/vendor-address.ts';
import { isBlockedPort } from './blocked-ports.ts';

/**
 * Whether an address may be chosen, as far as its text shows: what its host resolves to is checked apart. The address of the
 * installation's own provider is the operator's, and always allowed.
 */
export function isAllowedAddress(providerUrls: ProviderUrls, vendor: Vendor, baseUrl: string): boolean {
  if (vendor.name === defaultVendor) return true;
  switch (providerUrls) {
    case 'listed':
      return isListedAddress(vendor, baseUrl);
    case 'public':
      return baseUrl.startsWith('https://') && !isBlockedPort(new URL(baseUrl).port);
    case 'any':
      return true;
    default:
      return providerUrls satisfies never;
  }
}
