import type { Actor } from '../domain/actor.ts';
import type { Transaction } from '../platform/postgres/database.ts';

/** The actions that this room writes to the audit log; the log's own list includes them. */
export const tenantAuditActions = [
  'tenant.created',
  'api_key.created',
  'api_key.updated',
  'api_key.revoked',
] as const;
export type TenantAuditAction = (typeof tenantAuditActions)[number];

/** The part of the audit log that this room uses. The log's room is above this one, so the log is passed in. */
export interface AuditTrail {
  /** Appends a row in the transaction of the change that it describes. */
  append(
    tx: Transaction,
    actor: Actor,
    entry: {
      readonly action: TenantAuditAction;
      readonly subject: { readonly kind: string; readonly id: string };
      readonly details?: Readonly<Record<string, unknown>>;
    },
  ): Promise<void>;
}
