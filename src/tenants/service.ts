import { randomUUID } from 'node:crypto';
import type { Actor } from '../domain/actor.ts';
import { allows, type TenantRole } from '../domain/roles.ts';
import type { InTransaction } from '../platform/http/route.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import { mintApiKey } from './api-key.ts';
import type { AuditTrail } from './audit-trail.ts';
import { type Authentication, createAuthentication } from './authentication.ts';
import {
  type ApiKey,
  findActiveUserKeys,
  findApiKey,
  insertApiKey,
  insertTenant,
  listApiKeys,
  lockTenant,
  markApiKeyRevoked,
  type Tenant,
} from './store.ts';

export type { ApiKey, Tenant } from './store.ts';

/** A key just made: the one moment at which it can be shown. */
export interface IssuedApiKey extends ApiKey {
  readonly key: string;
}

export interface NewTenant {
  readonly slug: string;
  readonly name: string;
}

export interface ApiKeyRequest {
  readonly label: string;
  readonly role: TenantRole;
  readonly expiresAt: Date | null;
}

export interface CreatedTenant {
  readonly tenant: Tenant;
  readonly keys: Readonly<Record<TenantRole, IssuedApiKey>>;
}

export type TenantCreation = ({ readonly kind: 'created' } & CreatedTenant) | { readonly kind: 'slug_taken' };

export type ApiKeyCreation =
  | { readonly kind: 'created'; readonly apiKey: IssuedApiKey }
  | { readonly kind: 'no_such_tenant' }
  /** The acting key's own role is below the one it asked for. */
  | { readonly kind: 'role_too_high' };

export type ApiKeyRevocation =
  | { readonly kind: 'revoked' }
  | { readonly kind: 'no_such_key' }
  /** Nobody could make another key: the tenant would be locked out. */
  | { readonly kind: 'last_user_key' };

export interface Tenants extends Authentication {
  /** Makes a tenant with one API key per role. Fails with `slug_taken`. */
  createTenant(
    actor: Actor,
    tenant: NewTenant,
    afterWrite?: InTransaction<CreatedTenant>,
  ): Promise<TenantCreation>;
  /** Makes a key in the actor's tenant, or in `tenantId` for the superadmin. */
  createApiKey(
    actor: Actor,
    tenantId: string,
    request: ApiKeyRequest,
    afterWrite?: InTransaction<IssuedApiKey>,
  ): Promise<ApiKeyCreation>;
  /** The tenant's keys, newest first, revoked ones too; those after the key `afterId` where it is given. */
  listApiKeys(
    tenantId: string,
    page: { readonly afterId?: string | undefined; readonly limit: number },
  ): Promise<ApiKey[]>;
  /** Revokes a key of the actor's tenant; a key that is revoked already stays so. */
  revokeApiKey(actor: Actor, keyId: string): Promise<ApiKeyRevocation>;
}

export interface TenantsDeps {
  readonly database: Database;
  readonly audit: AuditTrail;
  readonly onUseNotRecorded?: (error: unknown) => void;
}

/** Tenants and their API keys. */
export function createTenants(deps: TenantsDeps): Tenants {
  const { database, audit } = deps;

  const issue = async (tx: Transaction, actor: Actor, request: ApiKeyRequest): Promise<IssuedApiKey> => {
    const { key, keyHash, hint } = mintApiKey();
    const apiKey = await insertApiKey(tx, actor.tenantId, { id: randomUUID(), ...request, keyHash, hint });
    await audit.append(tx, actor, {
      action: 'api_key.created',
      subject: { kind: 'api_key', id: apiKey.id },
      details: { label: apiKey.label, role: apiKey.role, expires_at: apiKey.expiresAt },
    });
    return { ...apiKey, key };
  };

  return {
    ...createAuthentication(deps),

    async createTenant(actor, { slug, name }, afterWrite) {
      const tenantId = randomUUID();
      return database.withTenantAsAdmin(tenantId, async (tx): Promise<TenantCreation> => {
        const tenant = await insertTenant(tx, { id: tenantId, slug, name });
        if (tenant === undefined) return { kind: 'slug_taken' };
        // The superadmin acts in the tenant that it makes: the tenant's own log says who made it.
        const within: Actor = { ...actor, tenantId };
        await audit.append(tx, within, {
          action: 'tenant.created',
          subject: { kind: 'tenant', id: tenantId },
          details: { slug, name },
        });
        const first = (role: TenantRole) => issue(tx, within, { label: role, role, expiresAt: null });
        const created: CreatedTenant = {
          tenant,
          keys: {
            agent: await first('agent'),
            orchestrator: await first('orchestrator'),
            user: await first('user'),
          },
        };
        await afterWrite?.(tx, created);
        return { kind: 'created', ...created };
      });
    },

    async createApiKey(actor, tenantId, request, afterWrite) {
      if (!allows(actor.role, request.role)) return { kind: 'role_too_high' };
      const within = actor.role === 'superadmin' ? database.withTenantAsAdmin : database.withTenant;
      return within(tenantId, async (tx): Promise<ApiKeyCreation> => {
        if (!(await lockTenant(tx, tenantId))) return { kind: 'no_such_tenant' };
        const apiKey = await issue(tx, { ...actor, tenantId }, request);
        await afterWrite?.(tx, apiKey);
        return { kind: 'created', apiKey };
      });
    },

    listApiKeys: (tenantId, page) => database.withTenant(tenantId, (tx) => listApiKeys(tx, tenantId, page)),

    async revokeApiKey(actor, keyId) {
      const { tenantId } = actor;
      return database.withTenant(tenantId, async (tx): Promise<ApiKeyRevocation> => {
        // Two revocations at once must not each find the other's key still active.
        await lockTenant(tx, tenantId);
        const apiKey = await findApiKey(tx, tenantId, keyId);
        if (apiKey === undefined) return { kind: 'no_such_key' };
        if (apiKey.revokedAt !== null) return { kind: 'revoked' };
        const active = await findActiveUserKeys(tx, tenantId);
        if (active.length === 1 && active[0] === keyId) return { kind: 'last_user_key' };
        await markApiKeyRevoked(tx, tenantId, keyId);
        await audit.append(tx, actor, {
          action: 'api_key.revoked',
          subject: { kind: 'api_key', id: keyId },
          details: { label: apiKey.label, role: apiKey.role },
        });
        return { kind: 'revoked' };
      });
    },
  };
}
