import { z } from 'zod';
import { type TenantRole, tenantRoles } from '../domain/roles.ts';
import type { Transaction } from '../platform/postgres/database.ts';

export interface Tenant {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly createdAt: Date;
}

export interface ApiKey {
  readonly id: string;
  readonly label: string;
  readonly role: TenantRole;
  /** The last four characters. */
  readonly hint: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
  /** The most tokens that the calls of this key may cost on a day; null for no limit of its own. */
  readonly dailyTokenBudget: number | null;
}

/** What can be changed of a key; what is left out is kept. */
export interface ApiKeyChange {
  readonly label?: string | undefined;
  readonly dailyTokenBudget?: number | null | undefined;
}

export interface NewApiKey {
  readonly id: string;
  readonly label: string;
  readonly role: TenantRole;
  readonly keyHash: Buffer;
  readonly hint: string;
  readonly expiresAt: Date | null;
  readonly dailyTokenBudget: number | null;
}

/** The tenant and the role of a key that may log in. */
export interface KeyHolder {
  readonly tenantId: string;
  readonly keyId: string;
  readonly label: string;
  readonly role: TenantRole;
  /** Whether `last_used_at` is older than a minute or empty. */
  readonly useIsUnrecorded: boolean;
  /** The time that the key has left, in milliseconds; null for one without an end. */
  readonly expiresInMs: number | null;
}

const tenantRow = z.object({ id: z.string(), slug: z.string(), name: z.string(), created_at: z.date() });

const apiKeyColumns = [
  'id',
  'label',
  'role',
  'key_hint',
  'created_at',
  'expires_at',
  'revoked_at',
  'last_used_at',
  'daily_token_budget',
];

const apiKeyRow = z
  .object({
    id: z.string(),
    label: z.string(),
    role: z.enum(tenantRoles),
    key_hint: z.string(),
    created_at: z.date(),
    expires_at: z.date().nullable(),
    revoked_at: z.date().nullable(),
    last_used_at: z.date().nullable(),
    daily_token_budget: z.union([z.null(), z.coerce.number()]),
  })
  .transform(
    (row): ApiKey => ({
      id: row.id,
      label: row.label,
      role: row.role,
      hint: row.key_hint,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      revokedAt: row.revoked_at,
      lastUsedAt: row.last_used_at,
      dailyTokenBudget: row.daily_token_budget,
    }),
  );

const holderRow = z
  .object({
    tenant_id: z.string(),
    id: z.string(),
    label: z.string(),
    role: z.enum(tenantRoles),
    use_is_unrecorded: z.boolean(),
    expires_in_ms: z.number().nullable(),
  })
  .transform(
    (row): KeyHolder => ({
      tenantId: row.tenant_id,
      keyId: row.id,
      label: row.label,
      role: row.role,
      useIsUnrecorded: row.use_is_unrecorded,
      expiresInMs: row.expires_in_ms,
    }),
  );

/** Inserts a tenant; undefined when any tenant already has the slug. */
export async function insertTenant(
  tx: Transaction,
  tenant: { readonly id: string; readonly slug: string; readonly name: string },
): Promise<Tenant | undefined> {
  const rows: unknown[] = await tx('tenants')
    .insert({ id: tenant.id, slug: tenant.slug, name: tenant.name })
    .onConflict('slug')
    .ignore()
    .returning('*');
  if (rows.length === 0) return undefined;
  const row = tenantRow.parse(rows[0]);
  return { id: row.id, slug: row.slug, name: row.name, createdAt: row.created_at };
}

/**
 * Locks the tenant against other changes of its keys until the transaction ends; false when the tenant does not exist.
 * With NO KEY UPDATE, rows that refer to the tenant can still be inserted.
 */
export async function lockTenant(tx: Transaction, tenantId: string): Promise<boolean> {
  const row: unknown = await tx('tenants').where({ id: tenantId }).forNoKeyUpdate().first('id');
  return row !== undefined;
}

/** Inserts an API key. */
export async function insertApiKey(tx: Transaction, tenantId: string, key: NewApiKey): Promise<ApiKey> {
  const rows: unknown[] = await tx('api_keys')
    .insert({
      tenant_id: tenantId,
      id: key.id,
      label: key.label,
      role: key.role,
      key_hash: key.keyHash,
      key_hint: key.hint,
      expires_at: key.expiresAt,
      daily_token_budget: key.dailyTokenBudget,
    })
    .returning(apiKeyColumns);
  return apiKeyRow.parse(rows[0]);
}

/** Changes a key; undefined when the tenant has none with this id. */
export async function updateApiKey(
  tx: Transaction,
  tenantId: string,
  keyId: string,
  { label, dailyTokenBudget }: ApiKeyChange,
): Promise<ApiKey | undefined> {
  const rows: unknown[] = await tx('api_keys')
    .where({ tenant_id: tenantId, id: keyId })
    .update({
      // Written even if nothing changes, so that the row comes back.
      label: label ?? tx.raw('label'),
      ...(dailyTokenBudget === undefined ? {} : { daily_token_budget: dailyTokenBudget }),
    })
    .returning(apiKeyColumns);
  return rows.length === 0 ? undefined : apiKeyRow.parse(rows[0]);
}

/** The tenant's keys, newest first; only those older than the key `afterId` if it is given. */
export async function listApiKeys(
  tx: Transaction,
  tenantId: string,
  page: { readonly afterId?: string | undefined; readonly limit: number },
): Promise<ApiKey[]> {
  const query = tx('api_keys')
    .where({ tenant_id: tenantId })
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(page.limit);
  if (page.afterId !== undefined) {
    // The position is looked up by id: a timestamp loses its microseconds on the way through JavaScript.
    query.whereRaw(
      '(created_at, id) < (select k.created_at, k.id from api_keys k where k.tenant_id = ? and k.id = ?)',
      [tenantId, page.afterId],
    );
  }
  return z.array(apiKeyRow).parse(await query.select(apiKeyColumns));
}

/** A key of the tenant; undefined when it has none with this id. */
export async function findApiKey(
  tx: Transaction,
  tenantId: string,
  keyId: string,
): Promise<ApiKey | undefined> {
  const row: unknown = await tx('api_keys').where({ tenant_id: tenantId, id: keyId }).first(apiKeyColumns);
  return row === undefined ? undefined : apiKeyRow.parse(row);
}

/** The ids of the keys of role `user` that can log in now, at most two: enough to recognize the last one. */
export async function listActiveUserKeys(tx: Transaction, tenantId: string): Promise<string[]> {
  const rows: unknown = await tx('api_keys')
    .where({ tenant_id: tenantId, role: 'user' })
    .whereNull('revoked_at')
    .whereRaw('(expires_at is null or expires_at > now())')
    .limit(2)
    .select('id');
  return z
    .array(z.object({ id: z.string() }))
    .parse(rows)
    .map((row) => row.id);
}

/** Marks a key as revoked; a key that is already revoked keeps its time. */
export async function markApiKeyRevoked(tx: Transaction, tenantId: string, keyId: string): Promise<void> {
  await tx('api_keys')
    .where({ tenant_id: tenantId, id: keyId })
    .whereNull('revoked_at')
    .update({ revoked_at: tx.fn.now() });
}

/** The holder of the key with this SHA-256; undefined when there is none, or the key is revoked or expired. */
export async function findKeyHolder(tx: Transaction, keyHash: Buffer): Promise<KeyHolder | undefined> {
  const rows = await tx.prepared(
    `select tenant_id, id, label, role,
            (last_used_at is null or last_used_at < now() - interval '1 minute') as use_is_unrecorded,
            (extract(epoch from expires_at - now()) * 1000)::float8 as expires_in_ms
       from api_keys
      where key_hash = $1 and revoked_at is null and (expires_at is null or expires_at > now())`,
    [keyHash],
  );
  return rows.length === 0 ? undefined : holderRow.parse(rows[0]);
}

/** Writes the time of use, unless it was written within the last minute. */
export async function recordKeyUse(tx: Transaction, tenantId: string, keyId: string): Promise<void> {
  await tx('api_keys')
    .where({ tenant_id: tenantId, id: keyId })
    .whereRaw(`(last_used_at is null or last_used_at < now() - interval '1 minute')`)
    .update({ last_used_at: tx.fn.now() });
}
