import { z } from 'zod';
import { type KeyRejection, keyRejections } from '../domain/failures.ts';
import { type Provider, providers } from '../domain/operations.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { type KeyStatus, keyStatuses } from './key-status.ts';
import { type OwnSettings, settingsFields, settingsRow } from './settings-store.ts';

/** A provider key as the settings show it, without its ciphertext. */
export interface KeyFacts {
  readonly status: KeyStatus;
  /** The last four characters. */
  readonly hint: string | null;
  readonly updatedAt: Date;
}

/** A key as the guard needs it, sealed. */
export interface StoredKey {
  readonly version: number;
  readonly ciphertext: string;
  readonly status: Exclude<KeyStatus, 'none'>;
  /** How the provider has refused it; null unless it is rejected. */
  readonly rejection: KeyRejection | null;
  /**
   * Another one after any change of the key or of the tenant's settings: the transactions that have written their rows. A key that
   * is tried before it is stored has none.
   */
  readonly revision?: string;
}

const factsRow = z.object({
  provider: z.enum(providers),
  status: z.enum(keyStatuses),
  hint: z.string().nullable(),
  updated_at: z.date(),
});

const storedRow = settingsRow.extend({
  version: z.number(),
  ciphertext: z.string(),
  status: z.enum(keyStatuses).exclude(['none']),
  rejected_code: z.enum(keyRejections).nullable(),
  revision: z.string(),
});

/** Lists what the settings show of the tenant's keys, by provider. */
export async function listKeyFacts(tx: Transaction, tenantId: string): Promise<Map<Provider, KeyFacts>> {
  const rows: unknown = await tx('provider_keys')
    .where({ tenant_id: tenantId })
    .select('provider', 'status', 'hint', 'updated_at');
  return new Map(
    z
      .array(factsRow)
      .parse(rows)
      .map(({ provider, status, hint, updated_at }) => [provider, { status, hint, updatedAt: updated_at }]),
  );
}

/** Lists the tenant's sealed keys, by provider. */
export async function listCiphertexts(tx: Transaction, tenantId: string): Promise<Map<Provider, string>> {
  const rows: unknown = await tx('provider_keys')
    .where({ tenant_id: tenantId })
    .whereNot({ status: 'none' })
    .select('provider', 'ciphertext');
  return new Map(
    z
      .array(z.object({ provider: z.enum(providers), ciphertext: z.string() }))
      .parse(rows)
      .map(({ provider, ciphertext }) => [provider, ciphertext]),
  );
}

/** Stores a sealed key under the next version. A version names one key for ever, even after the key was removed. */
export async function setKey(
  tx: Transaction,
  tenantId: string,
  provider: Provider,
  key: { readonly ciphertext: string; readonly hint: string },
): Promise<void> {
  await tx.raw(
    `insert into provider_keys (tenant_id, provider, version, ciphertext, hint, status)
     values (?, ?, 1, ?, ?, 'unverified')
     on conflict (tenant_id, provider) do update set
       version = provider_keys.version + 1, ciphertext = excluded.ciphertext, hint = excluded.hint,
       status = excluded.status, rejected_code = null, updated_at = now()`,
    [tenantId, provider, key.ciphertext, key.hint],
  );
}

/** Removes a key; false when there was none. The row stays, because it holds the version. */
export async function removeKey(tx: Transaction, tenantId: string, provider: Provider): Promise<boolean> {
  const removed = await tx('provider_keys')
    .where({ tenant_id: tenantId, provider })
    .whereNot({ status: 'none' })
    .update({ ciphertext: null, hint: null, status: 'none', rejected_code: null, updated_at: tx.fn.now() });
  return removed > 0;
}

/** Finds the sealed key that a call would use now, with the tenant's own settings; undefined without a key. */
export async function findStoredKey(
  tx: Transaction,
  tenantId: string,
  provider: Provider,
): Promise<{ readonly key: StoredKey; readonly settings: OwnSettings } | undefined> {
  const row: unknown = await tx('provider_keys as k')
    .leftJoin('llm_settings as s', 's.tenant_id', 'k.tenant_id')
    .where({ 'k.tenant_id': tenantId, 'k.provider': provider })
    .whereNot({ 'k.status': 'none' })
    .first(
      'k.version',
      'k.ciphertext',
      'k.status',
      'k.rejected_code',
      tx.raw(`k.xmin::text || '/' || coalesce(s.xmin::text, '') as revision`),
      ...settingsFields.map((column) => `s.${column}` as const),
    );
  if (row === undefined) return undefined;
  const { version, ciphertext, status, rejected_code, revision, ...settings } = storedRow.parse(row);
  const rejection = status === 'rejected' ? (rejected_code ?? 'credential_rejected') : null;
  return { key: { version, ciphertext, status, rejection, revision }, settings };
}

/**
 * Changes the status of this key version if it is one of `from`; false when nothing was changed. `updated_at` stays,
 * because it says when the key was set.
 */
export async function changeKeyStatus(
  tx: Transaction,
  tenantId: string,
  key: { readonly provider: Provider; readonly version: number },
  change: { readonly from: readonly KeyStatus[] } & (
    | { readonly to: 'verified' }
    | { readonly to: 'rejected'; readonly rejection: KeyRejection }
  ),
): Promise<boolean> {
  const changed = await tx('provider_keys')
    .where({ tenant_id: tenantId, provider: key.provider, version: key.version })
    .whereIn('status', change.from)
    .update({ status: change.to, rejected_code: change.to === 'rejected' ? change.rejection : null });
  return changed > 0;
}

/** Marks the tenant's current key as verified, whatever its version: it was tried, and is locked with the settings since. */
export async function verifyKey(tx: Transaction, tenantId: string, provider: Provider): Promise<void> {
  await tx('provider_keys')
    .where({ tenant_id: tenantId, provider })
    .whereNot({ status: 'none' })
    .update({ status: 'verified', rejected_code: null });
}
