import { retentionOf } from '../platform/retention/expired-rows-store.ts';
import { dayMs } from '../platform/retention/retention-rule.ts';

/**
 * The end of bought answers that nothing has deleted with their subject: those of a job that was never tried again, whose document and
 * key are gone, of a review that stays blocked, and of a call that ended after its job. What is not used within a month is bought anew.
 */
export const boughtAnswerRetention = retentionOf({
  table: 'extraction_answers',
  keptMs: 30 * dayMs,
  since: 'answered_at',
  where: 'r.answered_at is not null',
});
