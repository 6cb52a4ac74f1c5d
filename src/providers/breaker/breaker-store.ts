import { z } from 'zod';
import type { FailureCode } from '../../domain/failures.ts';
import { type Caller, type Channel, callers } from '../../domain/operations.ts';
import type { Transaction } from '../../platform/postgres/database.ts';

/** When a breaker opens, and for how long. */
export interface BreakerPolicy {
  /** Failures inside the window that open the breaker. */
  readonly failures: number;
  readonly windowMs: number;
  /** How long it stays open the first time. Each failed probe doubles the time. */
  readonly openMs: number;
  /** The limit of the doubling: the return of a provider after an hour must not be noticed an hour later. */
  readonly maxOpenMs: number;
}

/** Identifies a breaker. The key version is part of it, so a new key starts with a closed breaker. */
export interface BreakerId {
  readonly tenantId: string;
  readonly provider: Channel;
  readonly keyVersion: number;
}

/** One of the two rows of a breaker: that of background callers, or that of interactive ones. */
export interface BreakerRowId extends BreakerId {
  readonly caller: Caller;
}

/** What a call holds of a row. The epoch fences it: a result for a row that has moved on changes nothing. */
export interface Held {
  readonly epoch: string;
  readonly probe: boolean;
}

const breakerRowSchema = z
  .object({
    caller: z.enum(callers),
    key_version: z.number(),
    epoch: z.string(),
    failure_ages_ms: z.array(z.coerce.number()),
    open_until: z.date().nullable(),
    open_for_ms: z.coerce.number().nullable(),
    probe_for_ms: z.coerce.number().nullable(),
    last_error_code: z.string().nullable(),
    last_error_at: z.date().nullable(),
  })
  .transform((row) => ({
    caller: row.caller,
    keyVersion: row.key_version,
    epoch: row.epoch,
    failureAgesMs: row.failure_ages_ms,
    openUntil: row.open_until,
    /** Null when closed; not positive when half-open. */
    openForMs: row.open_until === null ? null : row.open_for_ms,
    probeForMs: row.probe_for_ms,
    lastErrorCode: row.last_error_code,
    lastErrorAt: row.last_error_at,
  }));
/** A row of a breaker, with its times relative to the database's clock. */
export type BreakerRow = z.output<typeof breakerRowSchema>;

const key = ({ tenantId, provider, keyVersion, caller }: BreakerRowId) => ({
  ...{ tenantId, provider, keyVersion, caller },
});

/** Lists the rows as the database's clock sees them now. Each is there from its first failure on. */
export async function listBreakerRows(
  tx: Transaction,
  { tenantId, provider }: Pick<BreakerId, 'tenantId' | 'provider'>,
): Promise<readonly BreakerRow[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select caller, key_version, epoch::text, open_until, last_error_code, last_error_at,
            ceil(extract(epoch from open_until - clock_timestamp()) * 1000) as open_for_ms,
            ceil(extract(epoch from probe_until - clock_timestamp()) * 1000) as probe_for_ms,
            array(select extract(epoch from clock_timestamp() - f) * 1000 from unnest(failed_at) f) as failure_ages_ms
       from breakers where tenant_id = :tenantId and provider = :provider`,
    { tenantId, provider },
  );
  return z.array(breakerRowSchema).parse(rows);
}

/**
 * Takes the probe of a half-open breaker. Returns the epoch that fences the probe's result; undefined when the probe is
 * not free. It is one conditional update. Alternative that lost: a lock taken first, because every caller of a
 * half-open breaker would queue for a refusal.
 */
export async function takeProbe(
  tx: Transaction,
  id: BreakerRowId,
  epoch: string,
  leaseMs: number,
): Promise<string | undefined> {
  const { rows } = await tx.raw<{ rows: { epoch: string }[] }>(
    `update breakers
        set epoch = epoch + 1, probe_until = clock_timestamp() + :leaseMs * interval '1 millisecond'
      where tenant_id = :tenantId and provider = :provider and caller = :caller and key_version = :keyVersion
        and epoch = :epoch and open_until <= clock_timestamp() and (probe_until is null or probe_until <= clock_timestamp())
      returning epoch::text`,
    { ...key(id), epoch, leaseMs },
  );
  return rows[0]?.epoch;
}

/**
 * Counts a failure and returns whether it opened the breaker. It inserts the row, or moves the window and opens at the
 * threshold, or opens again after a probe. It is one statement, so a burst from many processes is counted exactly. On
 * conflict the locked row decides between the three cases, not what the caller read before. The window is the list of
 * failure times itself. Alternative that lost: a counter per time slot, which is wrong at the edges of the slots.
 */
export async function countFailure(
  tx: Transaction,
  id: BreakerRowId,
  held: Held,
  code: FailureCode,
  policy: BreakerPolicy,
): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: { opened: boolean }[] }>(
    `with input as (
       select clock_timestamp() as now, :openMs::float8 * interval '1 millisecond' as open_for,
              :windowMs::float8 * interval '1 millisecond' as span, :failures::int <= 1 as at_once
     )
     insert into breakers as b
       (tenant_id, provider, caller, key_version, epoch, failed_at, opened_times, open_until, last_error_code, last_error_at)
     select :tenantId::uuid, :provider::text, :caller::text, :keyVersion::int, at_once::int,
            case when at_once then '{}'::timestamptz[] else array[now] end, at_once::int,
            case when at_once then now + open_for end, :code::text, now
       from input
     on conflict (tenant_id, provider, caller) do update set (
         key_version, epoch, failed_at, opened_times, open_until, probe_until, last_error_code, last_error_at
       ) = (
         select excluded.key_version,
                case when seen.other_key then excluded.epoch when seen.opens then b.epoch + 1 else b.epoch end,
                case when seen.other_key then excluded.failed_at when seen.opens then '{}'::timestamptz[] else seen.recent end,
                case when seen.other_key then excluded.opened_times
                     when seen.opens then b.opened_times + 1 else b.opened_times end,
                case when seen.other_key then excluded.open_until
                     when seen.opens then seen.now + least(
                       :openMs::float8 * power(2, least(b.opened_times, 30)), :maxOpenMs::float8) * interval '1 millisecond' end,
                null::timestamptz,
                excluded.last_error_code,
                seen.now
           from (
             select i.now, b.key_version <> excluded.key_version as other_key, w.recent,
                    :probe::boolean or cardinality(w.recent) >= :failures::int as opens
               from input i
              cross join lateral (
                select coalesce(array_agg(f order by f), '{}'::timestamptz[]) || i.now as recent
                  from unnest(b.failed_at) f where f > i.now - i.span
              ) w
           ) seen
       )
       where b.key_version < excluded.key_version
          or (b.key_version = excluded.key_version and b.epoch = :epoch::bigint
              and (b.open_until is null or :probe::boolean))
     returning open_until is not null as opened`,
    { ...key(id), ...policy, code, epoch: held.epoch, probe: held.probe },
  );
  return rows[0]?.opened ?? false;
}

/**
 * Closes the breaker for its own probe (`epoch`) or on the tenant's request (no epoch). False when there is nothing to
 * close.
 */
export async function closeBreaker(
  tx: Transaction,
  id: BreakerRowId,
  epoch: string | undefined,
): Promise<boolean> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `update breakers
        set epoch = epoch + 1, failed_at = '{}', opened_times = 0, open_until = null, probe_until = null
      where tenant_id = :tenantId and provider = :provider and caller = :caller and key_version = :keyVersion
        and (:epoch::bigint is null or epoch = :epoch::bigint)`,
    { ...key(id), epoch: epoch ?? null },
  );
  return rowCount > 0;
}

/** Releases the probe unused. */
export async function releaseProbe(tx: Transaction, id: BreakerRowId, epoch: string): Promise<void> {
  await tx.raw(
    `update breakers set epoch = epoch + 1, probe_until = null
      where tenant_id = :tenantId and provider = :provider and caller = :caller and key_version = :keyVersion
        and epoch = :epoch`,
    { ...key(id), epoch },
  );
}
