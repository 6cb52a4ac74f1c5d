import { z } from 'zod';
import type { Actor } from '../domain/actor.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { AuditAction } from './actions.ts';

/** An action and its subject. `details` holds names, ids and numbers, and never a secret value. */
export interface AuditEntry {
  readonly action: AuditAction;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A row as it was appended. A row of another version may have an action that is not on this version's list. */
export interface AuditRow extends Omit<AuditEntry, 'action'> {
  readonly id: string;
  readonly action: string;
  readonly at: Date;
  readonly actor: {
    readonly keyId: string | null;
    readonly label: string;
    readonly role: string;
    readonly via: string | null;
  };
  readonly details: Readonly<Record<string, unknown>>;
}

export interface AuditFilter {
  readonly action?: string;
  readonly subjectKind?: string;
  readonly subjectId?: string;
  /** Only rows older than this id. */
  readonly beforeId?: string;
  readonly limit: number;
}

const rowSchema = z.object({
  id: z.string(),
  at: z.date(),
  actor_key_id: z.string().nullable(),
  actor_label: z.string(),
  actor_role: z.string(),
  actor_via: z.string().nullable(),
  action: z.string(),
  subject_kind: z.string(),
  subject_id: z.string(),
  details: z.record(z.string(), z.unknown()),
});

/** Appends a row in the transaction of the change that it describes. */
export async function appendAudit(tx: Transaction, actor: Actor, entry: AuditEntry): Promise<void> {
  await tx.prepared(
    `insert into audit_log (tenant_id, actor_key_id, actor_label, actor_role, actor_via, action, subject_kind, subject_id, details)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      ...[actor.tenantId, actor.keyId, actor.label, actor.role, actor.via ?? null],
      ...[entry.action, entry.subject.kind, entry.subject.id, JSON.stringify(entry.details ?? {})],
    ],
  );
}

/** The tenant's rows that match the filter, newest first, at most `limit` of them. */
export async function listAudit(tx: Transaction, tenantId: string, filter: AuditFilter): Promise<AuditRow[]> {
  const query = tx('audit_log').where({ tenant_id: tenantId }).orderBy('id', 'desc').limit(filter.limit);
  if (filter.action !== undefined) query.where({ action: filter.action });
  if (filter.subjectKind !== undefined) query.where({ subject_kind: filter.subjectKind });
  if (filter.subjectId !== undefined) query.where({ subject_id: filter.subjectId });
  if (filter.beforeId !== undefined) query.where('id', '<', filter.beforeId);
  const rows = z.array(rowSchema).parse(await query.select('*'));
  return rows.map((row) => ({
    id: row.id,
    at: row.at,
    actor: {
      keyId: row.actor_key_id,
      label: row.actor_label,
      role: row.actor_role,
      via: row.actor_via,
    },
    action: row.action,
    subject: { kind: row.subject_kind, id: row.subject_id },
    details: row.details,
  }));
}
