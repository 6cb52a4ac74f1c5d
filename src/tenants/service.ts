import { randomUUID } from 'node:crypto';
import type { Actor } from '../domain/actor.ts';
import { allows, type TenantRole } from '../domain/roles.ts';
import type { InTransaction } from '../platform/http/route.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import { mintApiKey } from './api-key.ts';
import { createApiKeyUpdate, type OnBudgetChanged, type UpdateApiKey } from './api-key-update.ts';
import type { AuditTrail } from './audit-trail.ts';
import { type Authentication, createAuthentication } from './authentication.ts';
import { createKeyChanges, type KeyChangesOptions } from './key-changes.ts';
import {
  type ApiKey,
  findApiKey,
  insertApiKey,
  insertTenant,
  listActiveUserKeys,
  listApiKeys,
  lockTenant,
  markApiKeyRevoked,
  type Tenant,
} from './store.ts';

export type { ApiKey, Tenant } from './store.ts';

/** A new key. Only now can the key itself be shown. */
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
  readonly dailyTokenBudget?: number | null;
}

export interface CreatedTenant {
  readonly tenant: Tenant;
  readonly keys: Readonly<Record<TenantRole, IssuedApiKey>>;
}

export type TenantCreation = ({ readonly kind: 'created' } & CreatedTenant) | { readonly kind: 'slug_taken' };

export type ApiKeyCreation =
  | { readonly kind: 'created'; readonly apiKey: IssuedApiKey }
  | { readonly kind: 'no_such_tenant' }
  /** The role of the actor's key is below the requested role. */
  | { readonly kind: 'role_too_high' };

export type ApiKeyRevocation =
  | { readonly kind: 'revoked' }
  | { readonly kind: 'no_such_key' }
  /** The tenant would be locked out: only a key of role `user` can create keys. */
  | { readonly kind: 'last_user_key' };

export interface Tenants extends Authentication {
  /** Ends the connection on which changes of keys are heard of. */
  stopListening(): void;
  /** Creates a tenant with one API key per role. Fails with `slug_taken`. `afterWrite` runs in the same transaction. */
  createTenant(
    actor: Actor,
    tenant: NewTenant,
    afterWrite?: InTransaction<CreatedTenant>,
  ): Promise<TenantCreation>;
  /**
   * Creates a key of the tenant `tenantId`: the actor's own, or any for the superadmin. Fails with `no_such_tenant` and
   * `role_too_high`. `afterWrite` runs in the same transaction.
   */
  createApiKey(
    actor: Actor,
    tenantId: string,
    request: ApiKeyRequest,
    afterWrite?: InTransaction<IssuedApiKey>,
  ): Promise<ApiKeyCreation>;
  /** The tenant's keys, newest first, with the revoked ones; only those after the key `afterId` if it is given. */
  listApiKeys(
    tenantId: string,
    page: { readonly afterId?: string | undefined; readonly limit: number },
  ): Promise<ApiKey[]>;
  readonly updateApiKey: UpdateApiKey;
  /** Revokes a key of the actor's tenant, or leaves it revoked. Fails with `no_such_key` and `last_user_key`. */
  revokeApiKey(actor: Actor, keyId: string): Promise<ApiKeyRevocation>;
}

export interface TenantsDeps {
  readonly database: Database;
  readonly audit: AuditTrail;
  /** Does the part of other rooms in a tenant's creation, in its transaction. */
  readonly onCreated?: (tx: Transaction, tenantId: string) => Promise<void>;
  readonly onBudgetChanged?: OnBudgetChanged;
  readonly onUseNotRecorded?: (error: unknown) => void;
  /** How changes of keys are heard of; without it every log-in reads the database. */
  readonly keyChanges?: KeyChangesOptions;
}

/** Tenants and their API keys. */
export function createTenants(deps: TenantsDeps): Tenants {
  const { database, audit } = deps;
  const keyChanges = deps.keyChanges && createKeyChanges(deps.keyChanges);
  const { keyChanged, ...authentication } = createAuthentication({ ...deps, keyChanges });

  const issue = async (tx: Transaction, actor: Actor, request: ApiKeyRequest): Promise<IssuedApiKey> => {
    const { key, keyHash, hint } = mintApiKey();
    const apiKey = await insertApiKey(tx, actor.tenantId, {
      ...{ id: randomUUID(), dailyTokenBudget: null, ...request, keyHash, hint },
    });
    await audit.append(tx, actor, {
      action: 'api_key.created',
      subject: { kind: 'api_key', id: apiKey.id },
      details: {
        label: apiKey.label,
        role: apiKey.role,
        expires_at: apiKey.expiresAt,
        daily_token_budget: apiKey.dailyTokenBudget,
      },
    });
    return { ...apiKey, key };
  };

  return {
    ...authentication,
    stopListening: () => keyChanges?.close(),
    updateApiKey: createApiKeyUpdate({ ...deps, keyChanged }),

    async createTenant(actor, { slug, name }, afterWrite) {
      const tenantId = randomUUID();
      return database.withTenantAsAdmin(tenantId, async (tx): Promise<TenantCreation> => {
        const tenant = await insertTenant(tx, { id: tenantId, slug, name });
        if (tenant === undefined) return { kind: 'slug_taken' };
        await deps.onCreated?.(tx, tenantId);
        // The superadmin acts in the new tenant, so that the tenant's own audit log names the actor.
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

    listApiKeys: (tenantId, page) => database.readTenant(tenantId, (tx) => listApiKeys(tx, tenantId, page)),

    async revokeApiKey(actor, keyId) {
      const { tenantId } = actor;
      return database.withTenant(tenantId, async (tx): Promise<ApiKeyRevocation> => {
        // The lock keeps two revocations apart: each would still find the other's key active.
        await lockTenant(tx, tenantId);
        const apiKey = await findApiKey(tx, tenantId, keyId);
        if (apiKey === undefined) return { kind: 'no_such_key' };
        if (apiKey.revokedAt !== null) return { kind: 'revoked' };
        const active = await listActiveUserKeys(tx, tenantId);
        if (active.length === 1 && active[0] === keyId) return { kind: 'last_user_key' };
        await markApiKeyRevoked(tx, tenantId, keyId);
        // This process refuses the key once the call has returned; the others hear of it a moment later.
        tx.afterCommit(() => keyChanged(keyId));
        // Its daily budget ends with it: the tenant alone pays for the vectors of what the key has written.
        await deps.onBudgetChanged?.(tx, tenantId, keyId);
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
