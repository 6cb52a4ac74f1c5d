import { retentionOf } from '../platform/retention/expired-rows-store.ts';
import { dayMs } from '../platform/retention/retention-rule.ts';
import { endedSql, moveToDailySums } from './retention-store.ts';

/** A quarter: within it a tenant compares single calls with the invoice of its provider. Their sums stay longer. */
const callsKeptMs = 92 * dayMs;
/** Three years and some days, so that a report can compare a quarter with the same one of the two years before. */
const sumsKeptMs = 1_100 * dayMs;

/** The end of single calls: of the call record and its ledger row. The sums of their day stay. */
export const callRetention = retentionOf(
  { table: 'provider_calls', keptMs: callsKeptMs, since: 'finished_at', where: endedSql },
  moveToDailySums,
);

/** The end of the sums of a day. */
export const dailySumRetention = retentionOf({ table: 'usage_daily_sums', keptMs: sumsKeptMs, since: 'day' });

/** The end of a month's budget: only the current month admits calls, and only calls that are kept can still be settled. */
export const monthRetention = retentionOf({ table: 'monthly_usage', keptMs: sumsKeptMs, since: 'month' });

/** The end of a day's budget of an API key. A call of its last minutes ends on the next day. */
export const keyDayRetention = retentionOf({
  table: 'daily_key_usage',
  keptMs: callsKeptMs + 2 * dayMs,
  since: 'day',
});
