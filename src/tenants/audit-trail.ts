import type { Actor } from '../domain/actor.ts';
import type { Transaction } from '../platform/postgres/database.ts';

/** What this feature needs of the audit log, which comes after it in the house and is handed in. */
export interface AuditTrail {
  append(
    tx: Transaction,
    actor: Actor,
    entry: {
      readonly action: string;
      readonly subject: { readonly kind: string; readonly id: string };
      readonly details?: Readonly<Record<string, unknown>>;
    },
  ): Promise<void>;
}
