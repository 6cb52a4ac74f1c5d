import { z } from 'zod';
import { type ModelField, modelFields, type Provider, providers } from '../domain/operations.ts';
import type { Transaction } from '../platform/postgres/database.ts';

/** What a tenant has set for itself; null where it left the default. */
export interface OwnSettings extends Readonly<Record<ModelField, string | null>> {
  readonly monthly_token_budget: number | null;
}

export const keyStatuses = ['none', 'unverified', 'verified', 'rejected'] as const;

export type KeyStatus = (typeof keyStatuses)[number];

/** A provider key as settings show it: nothing here can be opened. */
export interface KeyFacts {
  readonly status: KeyStatus;
  /** The last four characters. */
  readonly hint: string | null;
  readonly updatedAt: Date;
}

/** A key as the guard needs it: sealed. */
export interface StoredKey {
  readonly version: number;
  readonly ciphertext: string;
  readonly status: Exclude<KeyStatus, 'none'>;
}

const nothingSet: OwnSettings = {
  embedding_model: null,
  extraction_model: null,
  classification_model: null,
  merge_model: null,
  monthly_token_budget: null,
};

/** The names of the settings, which are those of the columns. */
export const settingsFields = [
  ...modelFields,
  'monthly_token_budget',
] as const satisfies readonly (keyof OwnSettings)[];

const settingsRow = z.object({
  embedding_model: z.string().nullable(),
  extraction_model: z.string().nullable(),
  classification_model: z.string().nullable(),
  merge_model: z.string().nullable(),
  // A bigint reaches JavaScript as a string; the schema of the request keeps it within what a number holds exactly.
  monthly_token_budget: z.union([z.null(), z.coerce.number().int()]),
});

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
});

/** The tenant's own settings. */
export async function findSettings(tx: Transaction, tenantId: string): Promise<OwnSettings> {
  const row: unknown = await tx('llm_settings').where({ tenant_id: tenantId }).first(settingsFields);
  return row === undefined ? nothingSet : settingsRow.parse(row);
}

/** The tenant's own settings, held until the transaction ends: changes of one tenant come one after the other. */
export async function lockSettings(tx: Transaction, tenantId: string): Promise<OwnSettings> {
  // A row to lock has to be there; concurrent first changes wait here for the one that makes it.
  await tx('llm_settings').insert({ tenant_id: tenantId }).onConflict('tenant_id').ignore();
  const row: unknown = await tx('llm_settings')
    .where({ tenant_id: tenantId })
    .forUpdate()
    .first(settingsFields);
  return settingsRow.parse(row);
}

/** Writes the tenant's own settings. */
export async function updateSettings(
  tx: Transaction,
  tenantId: string,
  settings: OwnSettings,
): Promise<void> {
  await tx('llm_settings')
    .where({ tenant_id: tenantId })
    .update({ ...settings, updated_at: tx.fn.now() });
}

/** What settings show of the tenant's keys. */
export async function findKeyFacts(tx: Transaction, tenantId: string): Promise<Map<Provider, KeyFacts>> {
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

/** Stores a sealed key under the next version: a version names one key for ever, removed ones too. */
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
       status = excluded.status, updated_at = now()`,
    [tenantId, provider, key.ciphertext, key.hint],
  );
}

/** Removes a key; false when there was none. The row stays for its version. */
export async function removeKey(tx: Transaction, tenantId: string, provider: Provider): Promise<boolean> {
  const removed = await tx('provider_keys')
    .where({ tenant_id: tenantId, provider })
    .whereNot({ status: 'none' })
    .update({ ciphertext: null, hint: null, status: 'none', updated_at: tx.fn.now() });
  return removed > 0;
}

/** The sealed key that a call would use now, with the tenant's own settings; undefined without a key. */
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
      ...settingsFields.map((column) => `s.${column}` as const),
    );
  if (row === undefined) return undefined;
  const { version, ciphertext, status, ...settings } = storedRow.parse(row);
  return { key: { version, ciphertext, status }, settings };
}

/**
 * Gives the key of this version another status, where it has one of `from`; false when nothing was changed.
 * `updated_at` stays: it tells when the key was set.
 */
export async function changeKeyStatus(
  tx: Transaction,
  tenantId: string,
  key: { readonly provider: Provider; readonly version: number },
  change: { readonly from: readonly KeyStatus[]; readonly to: 'verified' | 'rejected' },
): Promise<boolean> {
  const changed = await tx('provider_keys')
    .where({ tenant_id: tenantId, provider: key.provider, version: key.version })
    .whereIn('status', change.from)
    .update({ status: change.to });
  return changed > 0;
}
