import type { Actor } from '../domain/actor.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import { type AuditEntry, type AuditFilter, type AuditRow, appendAudit, listAudit } from './store.ts';

export type { AuditEntry, AuditFilter, AuditRow } from './store.ts';

export interface Audit {
  /** Appends a row in the transaction of the change that it tells of, so that there is neither without the other. */
  append(tx: Transaction, actor: Actor, entry: AuditEntry): Promise<void>;
  /** The tenant's rows, newest first. */
  list(tenantId: string, filter: AuditFilter): Promise<AuditRow[]>;
}

/** The append-only log of who did what in a tenant. */
export function createAudit(deps: { readonly database: Database }): Audit {
  return {
    append: appendAudit,
    list: (tenantId, filter) => deps.database.withTenant(tenantId, (tx) => listAudit(tx, tenantId, filter)),
  };
}
