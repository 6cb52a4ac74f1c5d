import type { Provider } from '../domain/operations.ts';
import type { KeyCustody } from './custody.ts';

/** A change of one key: a sealed key to store, null to remove the key, undefined to keep it. */
export type KeyChange = { readonly ciphertext: string; readonly hint: string } | null | undefined;

/** A change whose key is sealed, or the failure to seal it. */
export type SealedChange =
  | { readonly kind: 'sealed'; readonly change: KeyChange }
  | { readonly kind: 'failed'; readonly code: 'vault_unavailable' };

/** Seals the key that a client sent, if it sent one. Fails with `vault_unavailable`. */
export async function sealChange(
  custody: KeyCustody,
  tenantId: string,
  provider: Provider,
  given: string | null | undefined,
): Promise<SealedChange> {
  if (given === null || given === undefined) return { kind: 'sealed', change: given };
  const sealed = await custody.seal(tenantId, provider, given);
  if (sealed.kind === 'failed') return sealed;
  return { kind: 'sealed', change: { ciphertext: sealed.ciphertext, hint: given.slice(-4) } };
}
