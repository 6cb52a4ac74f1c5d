import type { KeyCustody, KeyUse } from './custody.ts';

/** A change of one key: a sealed key to store, null to remove the key, undefined to keep it. */
export type KeyChange = { readonly ciphertext: string; readonly hint: string } | null | undefined;

/** A change whose key is sealed, or the failure to seal it. */
export type SealedChange =
  | { readonly kind: 'sealed'; readonly change: KeyChange }
  | { readonly kind: 'failed'; readonly code: 'vault_unavailable' };

/** Seals the key that a client sent, if it sent one. Fails with `vault_unavailable`. */
export async function sealChange(
  custody: KeyCustody,
  use: KeyUse,
  given: string | null | undefined,
): Promise<SealedChange> {
  if (given === null || given === undefined) return { kind: 'sealed', change: given };
  const sealed = await custody.seal(use, given);
  if (sealed.kind === 'failed') return sealed;
  return { kind: 'sealed', change: { ciphertext: sealed.ciphertext, hint: hintOf(given) } };
}

/** The last four characters; fewer of a short key, so that most of it stays hidden. */
const hintOf = (key: string) => key.slice(key.length - Math.min(4, Math.floor(key.length / 5)));
