import { isPublicAddress } from './address-policy.ts';
import { readHost } from './read-host.ts';
import type { ResolveName } from './resolve-name.ts';

/** Whether the addresses of a host are public; `unresolved` where it has none now. */
export type AddressVerdict = 'allowed' | 'forbidden' | 'unresolved';

export interface AddressCheck {
  /** Checks a host as it stands in a URL. Never rejects. */
  check(host: string): Promise<AddressVerdict>;
}

/**
 * Creates the check of a host that a tenant sets. Every address of a name must be public, because any of them may be taken. The
 * name may resolve to another address later, so the connection is checked again (checked-connector.ts).
 */
export function createAddressCheck({ resolve }: { readonly resolve: ResolveName }): AddressCheck {
  return {
    async check(host) {
      const read = readHost(host);
      switch (read.kind) {
        case 'invalid':
          return 'forbidden';
        case 'address':
          return isPublicAddress(read.ip) ? 'allowed' : 'forbidden';
        case 'name': {
          const addresses = await resolve(read.name).catch(() => []);
          if (addresses.length === 0) return 'unresolved';
          return addresses.every(isPublicAddress) ? 'allowed' : 'forbidden';
        }
        default:
          return read satisfies never;
      }
    },
  };
}
