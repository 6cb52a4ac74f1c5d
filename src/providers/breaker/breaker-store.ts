import { z } from 'zod';
import type { FailureCode } from '../../domain/failures.ts';
import type { Provider } from '../../domain/operations.ts';
import type { Transaction } from '../../platform/postgres/database.ts';

export interface BreakerPolicy {
  /** Failures inside the window that open the breaker. */
  readonly failures: number;
  readonly windowMs: number;
  /** How long it stays open the first time; doubled by each failed probe. */
  readonly openMs: number;
  /** Bound of the doubling: a provider that is back after an hour must not be found an hour later. */
  readonly maxOpenMs: number;
}

/** Which breaker: a new key version starts closed, whatever the old one did. */
export interface BreakerId {
  readonly tenantId: string;
  readonly provider: Provider;
  readonly keyVersion: number;
}

/** Leave to make one call. The epoch fences it: a result that comes back to a breaker that moved on changes nothing. */
export interface Permit {
  readonly kind: 'permit';
  readonly epoch: string;
  readonly probe: boolean;
}

const breakerRowSchema = z
  .object({
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
    keyVersion: row.key_version,
    epoch: row.epoch,
    failureAgesMs: row.failure_ages_ms,
    openUntil: row.open_until,
    /** Null: closed. Not positive: half-open. */
    openForMs: row.open_until === null ? null : row.open_for_ms,
    probeForMs: row.probe_for_ms,
    lastErrorCode: row.last_error_code,
    lastErrorAt: row.last_error_at,
  }));
export type BreakerRow = z.output<typeof breakerRowSchema>;

const key = ({ tenantId, provider, keyVersion }: BreakerId) => ({ tenantId, provider, keyVersion });

/** The row as the database's clock sees it now. */
export async function findBreaker(
  tx: Transaction,
  { tenantId, provider }: Pick<BreakerId, 'tenantId' | 'provider'>,
): Promise<BreakerRow | undefined> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select key_version, epoch::text, open_until, last_error_code, last_error_at,
            ceil(extract(epoch from open_until - clock_timestamp()) * 1000) as open_for_ms,
            ceil(extract(epoch from probe_until - clock_timestamp()) * 1000) as probe_for_ms,
            array(select extract(epoch from clock_timestamp() - f) * 1000 from unnest(failed_at) f) as failure_ages_ms
       from breakers where tenant_id = :tenantId and provider = :provider`,
    { tenantId, provider },
  );
  return rows[0] === undefined ? undefined : breakerRowSchema.parse(rows[0]);
}

/**
 * Takes the probe of a half-open breaker; the epoch it gives fences the probe's result. One conditional update: a lock
 * taken first lost, since it would make every caller of a half-open breaker queue for an answer that is no.
 */
export async function takeProbe(
  tx: Transaction,
  id: BreakerId,
  epoch: string,
  leaseMs: number,
): Promise<string | undefined> {
  const { rows } = await tx.raw<{ rows: { epoch: string }[] }>(
    `update breakers
        set epoch = epoch + 1, probe_until = clock_timestamp() + :leaseMs * interval '1 millisecond'
      where tenant_id = :tenantId and provider = :provider and key_version = :keyVersion and epoch = :epoch
        and open_until <= clock_timestamp() and (probe_until is null or probe_until <= clock_timestamp())
      returning epoch::text`,
    { ...key(id), epoch, leaseMs },
  );
  return rows[0]?.epoch;
}

/**
 * Counts a failure: makes the row, or slides the window and opens at the threshold, or opens again after a probe; in one
 * statement, so that a burst from many processes is counted exactly. The window is the list of failure times itself: a
 * counter per time slot lost, being wrong at the slots' edges. On conflict the three cases are told apart by the row that
 * the lock shows, not by what the caller read before. Answers whether it opened the breaker.
 */
export async function countFailure(
  tx: Transaction,
  id: BreakerId,
  permit: Permit,
  code: FailureCode,
  policy: BreakerPolicy,
): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: { opened: boolean }[] }>(
    `with input as (
       select clock_timestamp() as now, :openMs::float8 * interval '1 millisecond' as open_for,
              :windowMs::float8 * interval '1 millisecond' as span, :failures::int <= 1 as at_once
     )
     insert into breakers as b
       (tenant_id, provider, key_version, epoch, failed_at, opened_times, open_until, last_error_code, last_error_at)
     select :tenantId::uuid, :provider::text, :keyVersion::int, at_once::int,
            case when at_once then '{}'::timestamptz[] else array[now] end, at_once::int,
            case when at_once then now + open_for end, :code::text, now
       from input
     on conflict (tenant_id, provider) do update set (
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
    { ...key(id), ...policy, code, epoch: permit.epoch, probe: permit.probe },
  );
  return rows[0]?.opened ?? false;
}

/** Closes the breaker: by its own probe (`epoch`), or by the tenant's hand (none). False when there is nothing to close. */
export async function closeBreaker(
  tx: Transaction,
  id: BreakerId,
  epoch: string | undefined,
): Promise<boolean> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `update breakers
        set epoch = epoch + 1, failed_at = '{}', opened_times = 0, open_until = null, probe_until = null
      where tenant_id = :tenantId and provider = :provider and key_version = :keyVersion
        and (:epoch::bigint is null or epoch = :epoch::bigint)`,
    { ...key(id), epoch: epoch ?? null },
  );
  return rowCount > 0;
}

/** Gives the probe back unused. */
export async function releaseProbe(tx: Transaction, id: BreakerId, epoch: string): Promise<void> {
  await tx.raw(
    `update breakers set epoch = epoch + 1, probe_until = null
      where tenant_id = :tenantId and provider = :provider and key_version = :keyVersion and epoch = :epoch`,
    { ...key(id), epoch },
  );
}
