import { z } from 'zod';
import { type ModelField, modelFields } from '../domain/operations.ts';
import type { Transaction } from '../platform/postgres/database.ts';

/** The settings that a tenant has made; null means the default. */
export interface OwnSettings extends Readonly<Record<ModelField, string | null>> {
  /** An entry of the catalogue. */
  readonly embedding_provider: string | null;
  /** The address that the tenant has given; null where the provider has one of its own. */
  readonly embedding_base_url: string | null;
  readonly embedding_dimensions: number | null;
  readonly monthly_token_budget: number | null;
}

const nothingSet: OwnSettings = {
  embedding_provider: null,
  embedding_base_url: null,
  embedding_dimensions: null,
  embedding_model: null,
  rerank_model: null,
  extraction_model: null,
  classification_model: null,
  merge_model: null,
  monthly_token_budget: null,
};

/** The names of the settings, which are also the names of the columns. */
export const settingsFields = [
  'embedding_provider',
  'embedding_base_url',
  'embedding_dimensions',
  ...modelFields,
  'monthly_token_budget',
] as const satisfies readonly (keyof OwnSettings)[];

/** The columns of the settings, also as part of a joined row. */
export const settingsRow = z.object({
  embedding_provider: z.string().nullable(),
  embedding_base_url: z.string().nullable(),
  embedding_dimensions: z.number().int().nullable(),
  embedding_model: z.string().nullable(),
  rerank_model: z.string().nullable(),
  extraction_model: z.string().nullable(),
  classification_model: z.string().nullable(),
  merge_model: z.string().nullable(),
  // A bigint reaches JavaScript as a string. The request schema keeps it within what a number holds exactly.
  monthly_token_budget: z.union([z.null(), z.coerce.number().int()]),
});

/** Reads the tenant's own settings; all are null when it has made none. */
export async function readSettings(tx: Transaction, tenantId: string): Promise<OwnSettings> {
  const row: unknown = await tx('llm_settings').where({ tenant_id: tenantId }).first(settingsFields);
  return row === undefined ? nothingSet : settingsRow.parse(row);
}

/**
 * Reads the tenant's own settings and locks them until the transaction ends, so that changes of one tenant come one
 * after the other.
 */
export async function lockSettings(tx: Transaction, tenantId: string): Promise<OwnSettings> {
  // A row has to exist to be locked. Concurrent first changes wait here for the one that inserts it.
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
