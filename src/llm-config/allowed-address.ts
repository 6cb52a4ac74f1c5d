import { defaultVendor } from '../domain/provider-target.ts';
import type { ProviderUrls } from '../domain/provider-urls.ts';
import { isBlockedPort } from '../platform/net/blocked-ports.ts';
import type { Vendor } from '../providers/catalogue/vendor.ts';
import { isListedAddress } from '../providers/catalogue/vendor-address.ts';

/** Why this installation does not let a tenant choose an address: it is http, no call can go to its port, it leads to a private one, or it is not listed. */
export type AddressRefusal = 'http' | 'port' | 'private' | 'not_listed';

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
      if (!baseUrl.startsWith('https://')) return 'http';
      return isBlockedPort(new URL(baseUrl).port) ? 'port' : undefined;
    case 'any':
      return undefined;
    default:
      return providerUrls satisfies never;
  }
}
