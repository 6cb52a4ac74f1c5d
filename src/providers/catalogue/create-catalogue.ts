import { defaultVendor, type InputStyle } from '../../domain/provider-target.ts';
import type { Vendor } from './vendor.ts';
import { isListedAddress } from './vendor-address.ts';
import { custom } from './vendors/custom.ts';
import { listedVendors } from './vendors.ts';

/** The names that a tenant's setting may have. */
export const vendorNames: readonly string[] = [defaultVendor, ...listedVendors.map(({ name }) => name)];

/** The vendors of an installation. */
export interface Catalogue {
  /** The installation's own provider first. */
  readonly vendors: readonly Vendor[];
  /** Its own provider, which serves tenants that choose none. */
  readonly ofInstallation: Vendor;
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
export function createCatalogue(provider: InstallationProvider): Catalogue {
  const ofInstallation = describeInstallation(provider);
  const vendors = [ofInstallation, ...listedVendors];
  const byName = new Map(vendors.map((vendor) => [vendor.name, vendor]));
  return {
    vendors,
    ofInstallation,
    find: (name) => (name === null ? ofInstallation : byName.get(name)),
  };
}

const sidedByField: InputStyle = { kind: 'field', name: 'input_type', query: 'query', passage: 'passage' };

/** The installation's provider speaks the dialect of the listed vendor at that host, or else that of any server. */
function describeInstallation({ baseUrl, defaultModel, sendsInputType }: InstallationProvider): Vendor {
  const dialect = listedVendors.find((vendor) => isAtHostOf(vendor, baseUrl)) ?? custom;
  return {
    ...dialect,
    name: defaultVendor,
    title: 'The provider of this installation',
    address: { kind: 'fixed', baseUrl },
    // Its operator knows whether keys are needed, and a short text is rather a mistake.
    keysOptional: false,
    defaultModel,
    inputStyle: sendsInputType ? sidedByField : dialect.inputStyle,
    notes: 'The one that the operator has chosen. It serves tenants that choose none.',
  };
}

function isAtHostOf(vendor: Vendor, baseUrl: string): boolean {
  if (vendor.address.kind !== 'fixed') return isListedAddress(vendor, baseUrl);
  const { host } = new URL(baseUrl);
  return [vendor.address.baseUrl, ...(vendor.address.alsoAt ?? [])].some(
    (known) => new URL(known).host === host,
  );
}
