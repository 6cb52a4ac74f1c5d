import { defaultVendor } from '../../domain/provider-target.ts';
import { ownServer, type Vendor } from './vendor.ts';

/** The vendors of an installation. */
export interface Catalogue {
  /** Finds a vendor by its name; null is the installation's own. */
  find(name: string | null): Vendor | undefined;
}

/** What the operator has set for the installation's own provider. */
export interface InstallationProvider {
  readonly baseUrl: string;
  readonly defaultModel: string;
  /** Whether its server needs `input_type: query | passage`. */
  readonly sendsInputType: boolean;
}

/** Creates the catalogue: the installation's own provider, and the list. */
export function createCatalogue({ baseUrl, defaultModel }: InstallationProvider): Catalogue {
  const address = { kind: 'own', example: baseUrl } as const;
  const custom: Vendor = { ...ownServer, name: 'custom', title: 'Another server', address, notes: '' };
  const ofInstallation: Vendor = { ...custom, name: defaultVendor, keysOptional: false, defaultModel };
  return {
    find: (name) => [ofInstallation, custom].find((vendor) => vendor.name === (name ?? defaultVendor)),
  };
}
