import { fillTemplate, readPairs, readTemplate } from './address-template.ts';
import { normaliseBaseUrl } from './base-url.ts';
import type { Vendor } from './vendor.ts';
import { listedVendors } from './vendors.ts';

/** What a tenant's address comes to: what is stored (null for the vendor's own address), and what was put right. */
export type ChosenAddress =
  | { readonly kind: 'ok'; readonly stored: string | null; readonly notices: readonly string[] }
  | { readonly kind: 'refused'; readonly message: string };

const ok = (stored: string | null, notices: readonly string[] = []) =>
  ({ kind: 'ok', stored, notices }) as const;
const refused = (message: string) => ({ kind: 'refused', message }) as const;

/** Chooses the address of a vendor from what a tenant gives: a whole address, the parts of a template, or null. */
export function chooseAddress(vendor: Vendor, given: string | null): ChosenAddress {
  const { address } = vendor;
  switch (address.kind) {
    case 'fixed':
      return given === null ? ok(null) : chooseFixed(vendor, address, given);
    case 'template':
      return chooseFromTemplate(vendor, address, given);
    case 'own': {
      if (given === null)
        return refused(`is needed for ${vendor.title}: the address of its API, such as ${address.example}`);
      const normal = normaliseBaseUrl(given);
      return normal.kind === 'refused'
        ? normal
        : ok(normal.baseUrl, noticesOf(given, normal.baseUrl, normal.corrections));
    }
    default:
      return address satisfies never;
  }
}

type AddressOf<K extends Vendor['address']['kind']> = Extract<Vendor['address'], { kind: K }>;

function chooseFixed(vendor: Vendor, address: AddressOf<'fixed'>, given: string): ChosenAddress {
  const normal = normaliseBaseUrl(given);
  if (normal.kind === 'refused') return normal;
  const all = [address.baseUrl, ...(address.alsoAt ?? [])];
  // The host alone, or a part of the path, is the same server.
  const known =
    all.find((each) => each === normal.baseUrl) ?? all.find((each) => each.startsWith(`${normal.baseUrl}/`));
  if (known === undefined) {
    return refusedAsOther(
      vendor,
      given,
      `is not an address of ${vendor.title} (${all.join(', ')}); leave it out, or set the embedding_provider to "custom"`,
    );
  }
  return ok(known === address.baseUrl ? null : known, noticesOf(given, known, normal.corrections));
}

function chooseFromTemplate(
  vendor: Vendor,
  address: AddressOf<'template'>,
  given: string | null,
): ChosenAddress {
  const example = address.parameters
    .filter(({ defaultValue }) => defaultValue === undefined)
    .map(({ name, example: value }) => `${name}=${value}`)
    .join('&');
  if (given === null) return refused(`is needed for ${vendor.title}: ${example}, or the whole address`);
  if (given.includes('//')) {
    const normal = normaliseBaseUrl(given);
    if (normal.kind === 'refused') return normal;
    const read = readTemplate(address, normal.baseUrl);
    if (read === undefined)
      return refusedAsOther(
        vendor,
        given,
        `is not an address of ${vendor.title}, which is ${address.template}`,
      );
    const filled = fillTemplate(address, read.template, read.values);
    return filled.kind === 'refused'
      ? filled
      : ok(filled.baseUrl, noticesOf(given, filled.baseUrl, normal.corrections));
  }
  const values = readPairs(address, given.trim());
  if (values === undefined) return refused(`must be ${example}, or the whole address`);
  const filled = fillTemplate(address, address.template, values);
  return filled.kind === 'refused' ? filled : ok(filled.baseUrl);
}

/** Refuses an address that is not the vendor's, and names the vendor whose it is, if that is known. */
function refusedAsOther(vendor: Vendor, given: string, otherwise: string): ChosenAddress {
  const owner = listedVendors.find((other) => other !== vendor && isAddressOf(other, given));
  return refused(
    owner === undefined
      ? otherwise
      : `is not an address of ${vendor.title} but of ${owner.title}: set the embedding_provider to "${owner.name}"`,
  );
}

/** Whether an address is the vendor's own once it is put right. No other vendor is asked in turn. */
function isAddressOf(vendor: Vendor, given: string): boolean {
  const normal = normaliseBaseUrl(given);
  if (normal.kind === 'refused') return false;
  const { address } = vendor;
  switch (address.kind) {
    case 'fixed':
      return isListedAddress(vendor, normal.baseUrl);
    case 'template': {
      const read = readTemplate(address, normal.baseUrl);
      return read !== undefined && fillTemplate(address, read.template, read.values).kind === 'ok';
    }
    case 'own':
      return false;
    default:
      return address satisfies never;
  }
}

/** What is shown of an address that was put right. */
function noticesOf(given: string, baseUrl: string, corrections: readonly string[]): readonly string[] {
  if (given === baseUrl) return [];
  const removed = corrections.length === 0 ? '' : ` Left out: ${corrections.join(', ')}.`;
  return [`The address is taken as ${baseUrl}.${removed}`];
}

/** The address of a vendor with what is stored for it; undefined for one that has none of its own. */
export function baseUrlOf(vendor: Vendor, stored: string | null): string | undefined {
  return stored ?? (vendor.address.kind === 'fixed' ? vendor.address.baseUrl : undefined);
}

/** Whether an address is one of the vendor's own, so that it is known who gets the key. Servers of tenants have none. */
export function isListedAddress({ address }: Vendor, baseUrl: string): boolean {
  switch (address.kind) {
    case 'fixed':
      return [address.baseUrl, ...(address.alsoAt ?? [])].includes(baseUrl);
    case 'template': {
      const read = readTemplate(address, baseUrl);
      if (read === undefined) return false;
      const filled = fillTemplate(address, read.template, read.values);
      return filled.kind === 'ok' && filled.baseUrl === baseUrl;
    }
    case 'own':
      return false;
    default:
      return address satisfies never;
  }
}
