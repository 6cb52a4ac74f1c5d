import type { Provider } from '../domain/operations.ts';
import type { KeyCustody } from './custody.ts';

/** What a change makes of one key: sealed and ready to be stored, null for one to remove, undefined for one to keep. */
export type KeyChange = { readonly ciphertext: string; readonly hint: string } | null | undefined;

export type SealedChange =
  | { readonly kind: 'sealed'; readonly change: KeyChange }
  | { readonly kind: 'failed'; readonly code: 'vault_unavailable' };

/** Seals the key that a client gave, if it gave one. Fails with `vault_unavailable`. */
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
