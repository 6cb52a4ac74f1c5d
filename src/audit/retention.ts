import { retentionOf } from '../platform/retention/expired-rows-store.ts';
import { dayMs, type RetentionRule } from '../platform/retention/retention-rule.ts';
import { deleteOldAudit } from './retention-store.ts';

/** The end of audit rows after so many days, where the operator wants one. */
export function auditRetention(days: number): RetentionRule {
  return retentionOf({ table: 'audit_log', keptMs: days * dayMs, since: 'at' }, deleteOldAudit);
}
