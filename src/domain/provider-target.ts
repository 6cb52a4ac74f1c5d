import { createHash } from 'node:crypto';

/** How a model learns on which side of a search a text stands: not at all, by a field of the request, or by words before the text. */
export type InputStyle =
  | { readonly kind: 'none' }
  | { readonly kind: 'field'; readonly name: string; readonly query: string; readonly passage: string }
  | { readonly kind: 'prefix'; readonly query: string; readonly passage: string };

/** What a provider call is sent to, and what it asks for. */
export interface ProviderTarget {
  /** The entry of the catalogue. `default` is the installation's own provider, wherever its operator puts it. */
  readonly vendor: string;
  /** Without a slash at its end. It may end in a query, such as `?api-version=2024-10-21`. */
  readonly baseUrl: string;
  readonly model: string;
  /** The dimensions that the tenant asks for; null where the model decides. */
  readonly dimensions: number | null;
  readonly inputStyle: InputStyle;
}

/** The vendor of the installation's own provider. */
export const defaultVendor = 'default';

const addressOf = ({ vendor, baseUrl }: ProviderTarget) =>
  vendor === defaultVendor ? defaultVendor : baseUrl;

/** A fingerprint of all that decides whether two vectors can be compared. Equal targets have equal ids, in every process. */
export function targetIdOf(target: ProviderTarget): string {
  const { model, dimensions, inputStyle } = target;
  const style =
    inputStyle.kind === 'none'
      ? [inputStyle.kind]
      : [
          inputStyle.kind,
          inputStyle.kind === 'field' ? inputStyle.name : null,
          inputStyle.query,
          inputStyle.passage,
        ];
  const parts = JSON.stringify([addressOf(target), model, dimensions, style]);
  return createHash('sha256').update(parts).digest('base64url').slice(0, 22);
}

/** The scheme, host and port of an address. A key is bound to them. */
export const originOf = (baseUrl: string): string => new URL(baseUrl).origin;

/**
 * An older target at the address that the tenant's key is for now; undefined where it was at another address, to which the key
 * must not go.
 */
export function atCurrentAddress(older: ProviderTarget, current: ProviderTarget): ProviderTarget | undefined {
  if (older.vendor !== current.vendor || addressOf(older) !== addressOf(current)) return undefined;
  return { ...older, baseUrl: current.baseUrl };
}
