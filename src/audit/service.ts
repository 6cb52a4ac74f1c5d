import type { Actor } from '../domain/actor.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import { type AuditEntry, type AuditFilter, type AuditRow, appendAudit, listAudit } from './store.ts';

export type { AuditEntry, AuditFilter, AuditRow } from './store.ts';

export interface Audit {
  /** Appends a row in the transaction of the change that it describes, so that both are committed or neither. */
  append(tx: Transaction, actor: Actor, entry: AuditEntry): Promise<void>;
  /** The tenant's rows that match the filter, newest first, at most `limit` of them. */
  list(tenantId: string, filter: AuditFilter): Promise<AuditRow[]>;
}

/** The append-only log of actions in a tenant: the actor, the action and its subject. */
export function createAudit(deps: { readonly database: Database }): Audit {
  return {
    append: appendAudit,
    list: (tenantId, filter) => deps.database.readTenant(tenantId, (tx) => listAudit(tx, tenantId, filter)),
  };
}
